//! Whoever kills the process in the middle of a rotation can open every secret afterwards.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vault::rotate;

use crate::scene::{Scene, actor};

/// Where the process that is killed finds its data.
const DIR: &str = "GATEWRIGHT_TEST_KILLED_IN";
const SECRETS: u128 = 300;

/// The process that is killed. Ends with the test, however that ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_rotation_that_is_killed_anywhere_loses_no_secret() {
    if let Some(dir) = std::env::var_os(DIR) {
        return rotate_for_ever(Path::new(&dir)).await;
    }
    let rounds = if std::env::var_os("GATEWRIGHT_LONG").is_some() { 200 } else { 10 };
    let scene = Scene::new().await;
    scene.store_secrets(&scene.vault(None), 1..SECRETS).await;
    for round in 0..rounds {
        kill_after(&scene.dir, round % 3, delay(round));
        let vault = scene.vault(None);
        vault::check(&vault, &*scene.stores.control).await.unwrap();
        scene.assert_all_open(&vault).await;
    }
    let vault = scene.vault(None);
    rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!(
        vault.key_ids(),
        [vault.current_id()],
        "a rotation that ends leaves nothing of those that did not"
    );
    scene.assert_all_open(&scene.vault(None)).await;
}

/// Between none and about what a rotation takes, spread over the rounds.
fn delay(round: u64) -> Duration {
    Duration::from_micros(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 0x3_ffff)
}

/// Lets a process begin, and finish so many rotations, and kills it a moment later.
fn kill_after(dir: &Path, rotations: u64, delay: Duration) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "kills::a_rotation_that_is_killed_anywhere_loses_no_secret"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut killed = Killed(child);
    let mut lines = BufReader::new(killed.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    for said in
        std::iter::once("begun").chain(std::iter::repeat_n("rotated", usize::try_from(rotations).unwrap()))
    {
        assert!(lines.any(|line| line == said), "the process goes on until it is killed");
    }
    let end = Instant::now() + delay;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

async fn rotate_for_ever(dir: &Path) {
    let scene = Scene::at(dir).await;
    let vault = scene.vault(None);
    println!("\nbegun");
    loop {
        rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
        println!("rotated");
    }
}
