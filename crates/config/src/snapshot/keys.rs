//! Virtual keys as a call needs them: found by the keyed hash of what was presented, without a lock and without the
//! database.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use domain::{KeyId, Labels, ObjectId, Permissions, Scope};

/// A virtual key, as far as a call needs it.
#[derive(Debug)]
pub struct VirtualKey {
    pub id: KeyId,
    pub name: Arc<str>,
    pub scope: Scope,
    /// Names of endpoints, or `None` for all of the project.
    pub endpoints: Option<Vec<Arc<str>>>,
    /// Milliseconds since the Unix epoch.
    pub expires_at_ms: Option<i64>,
    /// What lands on every trace and every usage record.
    pub labels: Option<Arc<Labels>>,
    /// What it may do on the admin API, within its project.
    pub permissions: Permissions,
    pub declared_at: Option<String>,
    pub last_used: LastUsed,
}

/// When a key was last used, in milliseconds since the Unix epoch; 0 where it was not since the start.
#[derive(Debug, Default)]
pub struct LastUsed {
    at_ms: AtomicI64,
    /// What was last given away by [`StoredKeys::take_used`].
    told_ms: AtomicI64,
}

impl LastUsed {
    /// Executors share the key: a write at every call would move its cache line to and fro for a figure that nobody
    /// reads so exactly.
    const GRAIN_MS: i64 = 1_000;

    pub fn touch(&self, now_ms: i64) {
        if now_ms.saturating_sub(self.at_ms.load(Ordering::Relaxed)) >= Self::GRAIN_MS {
            self.at_ms.store(now_ms, Ordering::Relaxed);
        }
    }

    pub fn get(&self) -> Option<i64> {
        Some(self.at_ms.load(Ordering::Relaxed)).filter(|at_ms| *at_ms > 0)
    }

    fn take(&self) -> Option<i64> {
        let at_ms = self.at_ms.load(Ordering::Relaxed);
        (self.told_ms.swap(at_ms, Ordering::Relaxed) != at_ms).then_some(at_ms)
    }

    fn inherit(&self, from: &Self) {
        self.at_ms.store(from.at_ms.load(Ordering::Relaxed), Ordering::Relaxed);
        self.told_ms.store(from.told_ms.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// What keys of one kind look like from outside: enough to tell a mistyped key from an SDK's dummy, and too little
/// to guess one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyShape {
    prefix: [u8; KeyShape::PREFIX],
    length: usize,
}

impl fmt::Debug for KeyShape {
    /// Even the beginning of a key has no place in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyShape")
    }
}

impl KeyShape {
    const PREFIX: usize = 4;

    /// `None` for a text that is too short to be a key.
    pub fn of(secret: &str) -> Option<Self> {
        let prefix = secret.as_bytes().first_chunk::<{ Self::PREFIX }>()?;
        Some(Self { prefix: *prefix, length: secret.len() })
    }

    /// From what the store keeps.
    pub fn new(prefix: [u8; 4], length: u32) -> Self {
        Self { prefix, length: usize::try_from(length).unwrap_or(usize::MAX) }
    }

    /// Keys that the gateway makes all begin alike, which is known without a list.
    fn is_minted(&self) -> bool {
        std::str::from_utf8(&self.prefix).is_ok_and(vault::looks_minted)
    }
}

/// The shapes of many keys.
#[derive(Debug, Clone, Default)]
struct Shapes {
    prefixes: HashSet<[u8; KeyShape::PREFIX]>,
    lengths: HashSet<usize>,
}

impl Shapes {
    fn add(&mut self, shape: &KeyShape) {
        self.prefixes.insert(shape.prefix);
        self.lengths.insert(shape.length);
    }

    fn knows(&self, shape: &KeyShape) -> bool {
        self.prefixes.contains(&shape.prefix) && self.lengths.contains(&shape.length)
    }

    fn resemble(&self, shape: &KeyShape) -> bool {
        self.prefixes.contains(&shape.prefix) || self.lengths.contains(&shape.length)
    }
}

/// The keys of a file.
#[derive(Debug, Default)]
pub struct DeclaredKeys {
    by_hash: HashMap<KeyHash, Arc<VirtualKey>, ByFirstBytes>,
    shapes: Shapes,
}

impl DeclaredKeys {
    pub(crate) fn new(keys: impl IntoIterator<Item = ([u8; 32], KeyShape, Arc<VirtualKey>)>) -> Self {
        let mut index = Self::default();
        for (hash, shape, key) in keys {
            index.shapes.add(&shape);
            index.by_hash.insert(KeyHash(hash), key);
        }
        index
    }
}

/// All keys: those of the file, which change with the snapshot, and the stored ones, which change beside it.
#[derive(Debug, Default)]
pub struct KeyIndex {
    declared: DeclaredKeys,
    stored: Arc<StoredKeys>,
}

impl KeyIndex {
    pub(crate) const fn new(declared: DeclaredKeys, stored: Arc<StoredKeys>) -> Self {
        Self { declared, stored }
    }

    /// An index without declared keys.
    pub fn of_stored(stored: &Arc<StoredKeys>) -> Self {
        Self::new(DeclaredKeys::default(), Arc::clone(stored))
    }

    /// The key with this hash; not one that was revoked or deleted.
    pub fn get(&self, hash: &[u8; 32]) -> Option<Arc<VirtualKey>> {
        let hash = KeyHash(*hash);
        match self.declared.by_hash.get(&hash) {
            Some(key) => Some(Arc::clone(key)),
            None => self.stored.get(&hash),
        }
    }

    /// Whether a text that is no key begins like one, or has the length of one; those that ended are not forgotten.
    pub fn resembles(&self, presented: &str) -> bool {
        const SHORTEST_KEY: usize = 16;
        presented.len() >= SHORTEST_KEY
            && KeyShape::of(presented).is_some_and(|shape| {
                self.declared.shapes.resemble(&shape) || self.stored.shapes.load().resemble(&shape)
            })
    }

    /// Whether there never was a key.
    pub fn is_empty(&self) -> bool {
        self.declared.by_hash.is_empty() && !self.stored.any.load(Ordering::Relaxed)
    }

    /// Another number whenever a stored key changed: what was found before may not be found again.
    pub fn generation(&self) -> u64 {
        self.stored.generation()
    }

    /// The keys of the file.
    pub fn declared(&self) -> impl Iterator<Item = &Arc<VirtualKey>> {
        self.declared.by_hash.values()
    }
}

/// The stored keys. Many parts, so that a change copies one of them and readers never wait.
#[derive(Debug)]
pub struct StoredKeys {
    shards: Box<[ArcSwap<Shard>]>,
    shapes: ArcSwap<Shapes>,
    generation: AtomicU64,
    /// Whether there ever was one.
    any: AtomicBool,
    /// Where each key lies; locked by whoever changes something.
    places: Mutex<HashMap<ObjectId, [u8; 32]>>,
}

type Shard = HashMap<KeyHash, Arc<VirtualKey>, ByFirstBytes>;

/// Something that happened to a stored key.
#[derive(Debug)]
pub struct KeyChange {
    pub id: ObjectId,
    /// `None`: it was deleted.
    pub now: Option<KeyEntry>,
}

#[derive(Debug)]
pub struct KeyEntry {
    pub hash: [u8; 32],
    pub shape: KeyShape,
    /// `None`: revoked, or it cannot be used.
    pub key: Option<Arc<VirtualKey>>,
}

impl Default for StoredKeys {
    fn default() -> Self {
        Self {
            shards: (0..Self::SHARDS).map(|_| ArcSwap::default()).collect(),
            shapes: ArcSwap::default(),
            generation: AtomicU64::new(0),
            any: AtomicBool::new(false),
            places: Mutex::default(),
        }
    }
}

impl StoredKeys {
    const SHARDS: usize = 256;

    fn get(&self, hash: &KeyHash) -> Option<Arc<VirtualKey>> {
        self.shards.get(hash.shard())?.load().get(hash).cloned()
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// How many can be used.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.load().len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes all changes. When this returns, nobody finds what was taken away.
    pub fn update(&self, changes: impl IntoIterator<Item = KeyChange>) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shards: HashMap<usize, Shard> = HashMap::new();
        let mut shapes: Option<Shapes> = None;
        for KeyChange { id, now } in changes {
            let before =
                places.remove(&id).map(KeyHash).and_then(|hash| self.open(&mut shards, &hash).remove(&hash));
            let Some(KeyEntry { hash, shape, key }) = now else { continue };
            self.remember(&shape, &mut shapes);
            if let Some(key) = key {
                if let Some(before) = before {
                    key.last_used.inherit(&before.last_used);
                }
                places.insert(id, hash);
                let hash = KeyHash(hash);
                self.open(&mut shards, &hash).insert(hash, key);
            }
        }
        if let Some(shapes) = shapes {
            self.shapes.store(Arc::new(shapes));
        }
        for (index, shard) in shards {
            if let Some(place) = self.shards.get(index) {
                place.store(Arc::new(shard));
            }
        }
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Secrets that were keys once, and are none any more.
    pub fn remember_ended(&self, ended: impl IntoIterator<Item = KeyShape>) {
        let _guard = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shapes = None;
        for shape in ended {
            self.remember(&shape, &mut shapes);
        }
        if let Some(shapes) = shapes {
            self.shapes.store(Arc::new(shapes));
        }
    }

    /// The keys that were used since the last time that this was asked, with when.
    pub fn take_used(&self) -> Vec<(ObjectId, i64)> {
        let mut used = Vec::new();
        for shard in &self.shards {
            let taken = shard.load();
            let taken = taken.values().filter_map(|key| Some((ObjectId(key.id.0), key.last_used.take()?)));
            used.extend(taken);
        }
        used
    }

    /// When a key was last used, as far as this process knows.
    pub fn last_used_ms(&self, id: ObjectId) -> Option<i64> {
        let hash = *self.places.lock().unwrap_or_else(PoisonError::into_inner).get(&id)?;
        self.get(&KeyHash(hash))?.last_used.get()
    }

    fn remember(&self, shape: &KeyShape, shapes: &mut Option<Shapes>) {
        self.any.store(true, Ordering::Relaxed);
        if shape.is_minted() || shapes.is_none() && self.shapes.load().knows(shape) {
            return;
        }
        shapes.get_or_insert_with(|| Shapes::clone(&self.shapes.load())).add(shape);
    }

    /// The copy of a part that is being changed.
    fn open<'s>(&self, shards: &'s mut HashMap<usize, Shard>, hash: &KeyHash) -> &'s mut Shard {
        let index = hash.shard();
        let copy = || self.shards.get(index).map(|shard| Shard::clone(&shard.load())).unwrap_or_default();
        shards.entry(index).or_insert_with(copy)
    }
}

/// The keyed hash of a secret. It is as good as random to everybody without the pepper, so the table uses a part of it
/// as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyHash([u8; 32]);

impl KeyHash {
    fn shard(&self) -> usize {
        usize::from(self.0[31])
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

type ByFirstBytes = BuildHasherDefault<FirstBytes>;

#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
