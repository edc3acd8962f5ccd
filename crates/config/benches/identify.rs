//! Finding a key among many: what a call pays where the connection does not remember it.

use std::hint::black_box;
use std::sync::Arc;

use config::snapshot::{KeyChange, KeyEntry, KeyShape, LastUsed, StoredKeys, VirtualKey};
use domain::{KeyId, ObjectId, Permissions, Scope};
use vault::KeyHasher;

fn main() {
    divan::main();
}

/// The hash of the presented text, and the look-up.
#[divan::bench(args = [1, 100_000, 1_000_000])]
fn identify(bencher: divan::Bencher<'_, '_>, keys: u32) {
    let hasher = KeyHasher::new(&[7; 32]);
    let stored = stored(keys, &hasher);
    let index = config::snapshot::KeyIndex::of_stored(&stored);
    let mut number = 0_u32;
    bencher.bench_local(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let presented = secret(number % keys);
        black_box(index.get(&hasher.hash(presented.as_bytes())).is_some())
    });
}

/// One key is revoked while all others stay.
#[divan::bench(args = [1, 100_000, 1_000_000])]
fn change_one(bencher: divan::Bencher<'_, '_>, keys: u32) {
    let hasher = KeyHasher::new(&[7; 32]);
    let stored = stored(keys, &hasher);
    bencher.bench_local(|| stored.update([change(0, &hasher)]));
}

fn stored(keys: u32, hasher: &KeyHasher) -> Arc<StoredKeys> {
    let stored = Arc::new(StoredKeys::default());
    stored.update((0..keys).map(|number| change(number, hasher)));
    stored
}

fn change(number: u32, hasher: &KeyHasher) -> KeyChange {
    let id = ObjectId(u128::from(number) + 1);
    let key = VirtualKey {
        id: KeyId(id.0),
        name: "ci".into(),
        scope: Scope::DEFAULT,
        endpoints: None,
        expires_at_ms: None,
        labels: None,
        permissions: Permissions::NONE,
        declared_at: None,
        last_used: LastUsed::default(),
    };
    let hash = hasher.hash(secret(number).as_bytes());
    KeyChange {
        id,
        now: Some(KeyEntry { hash, shape: KeyShape::new(*b"gw_0", 70), key: Some(Arc::new(key)) }),
    }
}

/// As long as a minted one.
fn secret(number: u32) -> String {
    format!("gw_000000000000_{number:043}_00000000")
}
