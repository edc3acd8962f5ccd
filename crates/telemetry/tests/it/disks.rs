//! Real disks: one that is full, one whose directory refuses. Both want root, for a small file system of their own and
//! for a flag that holds for root too; where that is not to be had, the tests say that they did not run.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use store::journal::JournalOptions;
use telemetry::{Health, Options, Part, Recorder};

use crate::records::{call, usage};
use crate::waiting::{attempts, run, until};

/// A file system of a few megabytes, for as long as this lives.
struct SmallDisk {
    at: PathBuf,
    _dir: tempfile::TempDir,
}

impl SmallDisk {
    /// Both kinds are mapped, and each finds its blocks in its own way.
    const KINDS: [&str; 2] = ["tmpfs", "ext4"];

    fn mount(kind: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("disk");
        std::fs::create_dir(&at).unwrap();
        let done = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let is_mounted = if kind == "tmpfs" {
            done(Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&at))
        } else {
            let image = dir.path().join("image");
            std::fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
            done(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))
                && done(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&at))
        };
        is_mounted.then_some(Self { at, _dir: dir })
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.at.join("filler")).unwrap();
        for block in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; block]).is_ok() {}
        }
    }

    fn clear(&self) {
        std::fs::remove_file(self.at.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

fn options(mapped: bool) -> Options {
    let journal = JournalOptions { segment_bytes: 64 << 10, mapped, ..JournalOptions::default() };
    Options { interval: Duration::from_millis(5), content_bytes: 200_000, journal, ..Options::default() }
}

#[test]
fn a_full_disk_costs_traces_and_no_usage_record() {
    for (kind, mapped) in SmallDisk::KINDS.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
        let Some(disk) = SmallDisk::mount(kind) else {
            println!("not run: a full disk of {kind} (no right to mount one)");
            continue;
        };
        let recorder = Recorder::start(&disk.at.join("data"), options(mapped)).unwrap();
        let mut executor = recorder.executor(0);
        executor.settle(&usage(0));
        run(recorder.flush());
        disk.fill();
        // More than the segment that is open has room for.
        for n in 1..2_000 {
            executor.settle(&usage(n));
            executor.record_call(&call(n));
        }
        let full = |health: &Health, part| {
            health.troubles.iter().any(|trouble| trouble.part == part && trouble.since_ms > 0)
        };
        let health = until(&recorder, |health| full(health, Part::Journal) && full(health, Part::Ledger));
        assert!(!health.money_is_safe && health.unsaved_usage > 0 && health.lost_usage == 0, "{health:?}");
        let health = until(&recorder, |health| full(health, Part::Content));
        assert!(health.content_queued_bytes <= 200_000 && health.dropped_calls > 0, "{health:?}");

        disk.clear();
        let health = until(&recorder, |health| health.troubles.is_empty() && health.unsaved_usage == 0);
        assert_eq!(health.lost_usage, 0);
        run(recorder.flush());
        assert_eq!(run(attempts(&recorder)), 2_000, "{kind}, mapped: {mapped}");
    }
}

#[test]
fn a_process_starts_on_what_a_full_disk_left() {
    let Some(disk) = SmallDisk::mount("tmpfs") else {
        println!("not run: a start after a full disk (no right to mount one)");
        return;
    };
    let data_dir = disk.at.join("data");
    {
        let recorder = Recorder::start(&data_dir, options(true)).unwrap();
        let mut executor = recorder.executor(0);
        // The blocks of its segment are its own from here on.
        executor.settle(&usage(0));
        disk.fill();
        for n in 1..100 {
            executor.settle(&usage(n));
        }
        recorder.shutdown();
        assert_eq!(recorder.health().lost_usage, 0, "{:?}", recorder.health());
    }
    disk.clear();
    let recorder = Recorder::start(&data_dir, options(true)).unwrap();
    run(recorder.flush());
    assert_eq!(run(attempts(&recorder)), 100);
}

#[test]
fn a_directory_that_refuses_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), options(true)).unwrap();
    let Some(refusing) = Refusing::new([dir.path().join("journal")]) else {
        println!(
            "not run: a directory that refuses (no right to make one, or no such flag on this file system)"
        );
        return;
    };
    let mut executor = recorder.executor(0);
    for n in 0..10 {
        executor.settle(&usage(n));
    }
    let health = recorder.health();
    assert!(health.unsaved_usage == 10 && !health.money_is_safe, "{health:?}");
    drop(refusing);
    until(&recorder, |health| health.troubles.is_empty() && health.unsaved_usage == 0);
    run(recorder.flush());
    assert_eq!(run(attempts(&recorder)), 10);
}

#[test]
fn a_ledger_that_refuses_is_caught_up_with() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), options(true)).unwrap();
    let files = ["ledger.db", "ledger.db-wal"].map(|name| dir.path().join(name));
    let Some(refusing) = Refusing::new(files) else {
        println!(
            "not run: a ledger that refuses (no right to make one, or no such flag on this file system)"
        );
        return;
    };
    let mut executor = recorder.executor(0);
    for n in 0..10 {
        executor.settle(&usage(n));
    }
    let refused = |health: &Health| health.troubles.iter().any(|trouble| trouble.part == Part::Ledger);
    let health = until(&recorder, |health| refused(health) && health.journal_lag_bytes > 0);
    assert!(health.money_is_safe && health.store_errors > 0, "{health:?}");
    drop(refusing);
    until(&recorder, |health| health.troubles.is_empty() && health.journal_lag_bytes == 0);
    assert_eq!(run(attempts(&recorder)), 10);
}

/// Files that nobody may write to, not even root, for as long as this lives.
struct Refusing(Vec<PathBuf>);

impl Refusing {
    fn new(files: impl IntoIterator<Item = PathBuf>) -> Option<Self> {
        let mut refusing = Self(Vec::new());
        for file in files {
            refusing.0.push(file.clone());
            set_immutable(&file, true).ok()?;
        }
        Some(refusing)
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = set_immutable(file, false);
        }
    }
}

fn set_immutable(path: &Path, immutable: bool) -> std::io::Result<()> {
    let file = std::fs::File::open(path)?;
    let mut flags = ioctl_getflags(&file)?;
    flags.set(IFlags::IMMUTABLE, immutable);
    Ok(ioctl_setflags(&file, flags)?)
}
