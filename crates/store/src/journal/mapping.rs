//! A file's blocks as memory: a record is copied there instead of being written by a system call. The pages belong to
//! the kernel, so what was copied survives the death of the process.
//!
//! Touching a page whose block cannot be had kills the process (SIGBUS). That must not happen, so blocks are allocated
//! before they are mapped, and pages are made writable in windows by a call that returns an error instead. Only file
//! systems that cannot take the blocks away again are mapped: where a copy may share blocks with its original
//! (`cp` on XFS, btrfs, ZFS), a later write needs new ones, so those get plain writes.

use std::fs::File;
use std::io;

#[cfg(target_os = "linux")]
pub(super) use linux::Mapping;

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Mapping;

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::c_void;
    use std::ptr::NonNull;

    use rustix::fs::{FallocateFlags, fallocate, fstatfs};
    use rustix::mm::{Advice, MapFlags, MlockFlags, ProtFlags, madvise, mlock_with, mmap, munmap};

    use super::{File, io};

    /// ext2, ext3 and ext4 share this number: <https://man7.org/linux/man-pages/man2/statfs.2.html>.
    const EXT4: u64 = 0xef53;
    const TMPFS: u64 = 0x0102_1994;

    /// Pages are made writable this much at a time; a multiple of every page size there is.
    const WINDOW: usize = 64 << 10;

    /// A mapped file of a fixed length. Nobody else has a reference into it.
    #[derive(Debug)]
    pub(in super::super) struct Mapping {
        base: NonNull<u8>,
        length: usize,
        /// Pages before this are writable.
        ready: usize,
    }

    #[expect(unsafe_code, reason = "the mapping is owned, and is not tied to the thread that made it")]
    // SAFETY: `Mapping` is the only owner of its memory, and `write` wants it exclusively.
    unsafe impl Send for Mapping {}

    impl Mapping {
        /// Allocates and maps `length` bytes of an empty file. Fails where that is not possible or not safe; the file
        /// may then be longer than it was.
        pub(in super::super) fn new(file: &File, length: u64) -> io::Result<Self> {
            let kind = u64::try_from(fstatfs(file)?.f_type).unwrap_or(0);
            if kind != EXT4 && kind != TMPFS {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let size = usize::try_from(length).map_err(|_| io::ErrorKind::Unsupported)?;
            let size = size.next_multiple_of(WINDOW);
            fallocate(file, FallocateFlags::empty(), 0, u64::try_from(size).unwrap_or(length))?;
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            #[expect(unsafe_code, reason = "mapping a file is an operation on memory")]
            // SAFETY: a new mapping wherever the kernel likes; no reference to it exists yet.
            let base = unsafe { mmap(std::ptr::null_mut(), size, protection, MapFlags::SHARED, file, 0)? };
            let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
            let mut mapping = Self { base, length: size, ready: 0 };
            mapping.keep_in_memory();
            // The first window tells whether the kernel can do this at all.
            mapping.make_ready(1)?;
            Ok(mapping)
        }

        /// A page that is being filled must not have to be read again from a disk that has died meanwhile. The limit
        /// on locked memory may forbid it; then that risk remains.
        fn keep_in_memory(&self) {
            #[expect(unsafe_code, reason = "locking pages is an operation on memory")]
            // SAFETY: the range is this mapping; locking changes nothing in it.
            let _ = unsafe { mlock_with(self.pointer(), self.length, MlockFlags::ONFAULT) };
        }

        fn pointer(&self) -> *mut c_void {
            self.base.as_ptr().cast()
        }

        /// Copies `bytes` to `at`. Fails, and changes nothing, where they do not fit or the pages cannot be had.
        pub(in super::super) fn write(&mut self, at: usize, bytes: &[u8]) -> io::Result<()> {
            let end = at.checked_add(bytes.len()).filter(|end| *end <= self.length);
            let end = end.ok_or(io::ErrorKind::StorageFull)?;
            if end > self.ready {
                self.make_ready(end)?;
            }
            #[expect(
                unsafe_code,
                reason = "the kernel may read these pages at any time, so no slice is made of them"
            )]
            // SAFETY: `at..end` lies inside the mapping, which `&mut self` owns and `bytes` cannot overlap.
            unsafe {
                self.base.as_ptr().add(at).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            }
            Ok(())
        }

        /// Makes the pages up to `end` writable, or says why they cannot be.
        fn make_ready(&mut self, end: usize) -> io::Result<()> {
            let until = end.next_multiple_of(WINDOW).min(self.length);
            #[expect(unsafe_code, reason = "populating pages is an operation on memory")]
            // SAFETY: `ready..until` lies inside the mapping; populating changes nothing in it.
            unsafe {
                let from = self.base.as_ptr().add(self.ready).cast();
                madvise(from, until - self.ready, Advice::LinuxPopulateWrite)?;
            }
            self.ready = until;
            Ok(())
        }
    }

    impl Drop for Mapping {
        fn drop(&mut self) {
            #[expect(unsafe_code, reason = "the memory goes back")]
            // SAFETY: nobody has a reference into the mapping, and it is not used again.
            let unmapped = unsafe { munmap(self.pointer(), self.length) };
            if let Err(error) = unmapped {
                tracing::warn!(%error, "a journal segment stays mapped");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{File, io};

    /// Not possible here.
    #[derive(Debug)]
    pub(in super::super) enum Mapping {}

    impl Mapping {
        pub(in super::super) fn new(_file: &File, _length: u64) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in super::super) fn write(&mut self, _at: usize, _bytes: &[u8]) -> io::Result<()> {
            match *self {}
        }
    }
}
