//! Rotating the master key while others read and write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ObjectId;
use store::{AuditQuery, StoreError};
use vault::{Rotated, VaultError, rotate};

use crate::scene::{ALL, Scene, actor, configured, lines, secret};

#[tokio::test]
async fn everything_is_sealed_under_a_new_key_and_the_old_one_is_gone() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 1..700).await;
    let (old, revision) = (vault.current_id(), scene.stores.control.revision().await.unwrap());
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    let expected = Rotated {
        key_id: vault.current_id(),
        resealed: 699,
        retired: vec![old.clone()],
        unopened: Vec::new(),
        unopened_count: 0,
    };
    assert_eq!(rotated, expected);
    assert_ne!(old, rotated.key_id);
    assert_eq!(lines(&scene.key_file()), 1);
    assert_eq!(scene.stores.control.sealed_under().await.unwrap(), [(rotated.key_id.clone(), 699)]);
    scene.assert_all_open(&vault).await;
    scene.assert_all_open(&scene.vault(None)).await;
    assert_eq!(scene.stores.control.revision().await.unwrap(), revision, "no object changed");

    let query = AuditQuery { action: Some("vault.rotate".to_owned()), ..AuditQuery::default() };
    let log = scene.stores.control.audit(ALL, &query).await.unwrap();
    let [entry] = &log.entries[..] else { panic!("{log:?}") };
    assert_eq!(entry.detail, format!("699 secrets under vault key {}; 0 did not open", rotated.key_id));
}

#[tokio::test]
async fn a_rotation_that_died_anywhere_is_taken_up_again() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 1..300).await;
    let first = std::fs::read(scene.key_file()).unwrap();
    rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    let second = std::fs::read(scene.key_file()).unwrap();

    // Died before the old key was taken out: the file has both, the new one first.
    std::fs::write(scene.key_file(), [&second[..], &first[..]].concat()).unwrap();
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 300..310).await;
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.retired.len()), (0, 1), "the key is the one it began with");
    assert_eq!(std::fs::read(scene.key_file()).unwrap(), second);

    // Died when the new key was in the file and nothing, or half, was sealed under it.
    let third = scene.vault(configured(3, &[]));
    let half = scene.objects().await.into_iter().step_by(2);
    for object in half {
        let sealed = third.seal_field(object.id, "api_key", &secret(object.id.0)).unwrap();
        scene.put(object.id.0, vec![sealed]).await.unwrap();
    }
    let key = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n";
    std::fs::write(scene.key_file(), [key.as_bytes(), &second[..]].concat()).unwrap();
    let vault = scene.vault(None);
    scene.assert_all_open(&vault).await;
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.key_id, rotated.resealed), (third.current_id(), 154));
    assert_eq!(std::fs::read_to_string(scene.key_file()).unwrap(), key);
    scene.assert_all_open(&scene.vault(None)).await;
}

#[tokio::test]
async fn what_was_sealed_before_the_rotation_is_refused_behind_it_and_not_lost() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 1..3).await;
    let read_before = scene.objects().await;
    let late = vault.seal_field(ObjectId(9), "api_key", &secret(9)).unwrap();
    rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    let refused = scene.put(9, vec![late]).await;
    assert!(matches!(refused, Err(StoreError::RetiredVaultKey { .. })), "{refused:?}");
    scene.store_secrets(&vault, 9..10).await;
    for object in read_before {
        vault.open_field(object.id, &object.secrets[0]).expect("a reader in between is not surprised");
    }
}

#[tokio::test]
async fn a_secret_that_does_not_open_is_named_and_keeps_its_key() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 1..4).await;
    let mut damaged = vault.seal_field(ObjectId(4), "api_key", &secret(4)).unwrap();
    *damaged.sealed.last_mut().unwrap() ^= 1;
    scene.put(4, vec![damaged]).await.unwrap();
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.unopened_count), (3, 1));
    assert_eq!(rotated.unopened[0].object, ObjectId(4));
    assert!(rotated.unopened[0].problem.contains("does not open"), "{rotated:?}");
    assert!(rotated.retired.is_empty());
    assert_eq!(lines(&scene.key_file()), 2);

    scene.store_secrets(&vault, 4..5).await;
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.resealed, rotated.retired.len()), (0, 1));
    assert_eq!(lines(&scene.key_file()), 1);
}

#[tokio::test]
async fn configured_keys_are_rotated_to_the_current_one() {
    let scene = Scene::new().await;
    let generated = scene.vault(None);
    scene.store_secrets(&generated, 1..4).await;
    let first = scene.vault(configured(1, &[]));
    scene.store_secrets(&first, 4..6).await;
    let vault = scene.vault(configured(2, &[1]));
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.key_id, rotated.resealed), (vault.current_id(), 5));
    assert_eq!(rotated.retired, [first.current_id(), generated.current_id()]);
    assert_eq!(lines(&scene.key_file()), 1, "a file that somebody may go back to is left alone");
    scene.assert_all_open(&scene.vault(configured(2, &[]))).await;
    // Going back works too.
    vault.set_configured(configured(1, &[2])).unwrap();
    let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
    assert_eq!((rotated.key_id, rotated.resealed), (first.current_id(), 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_writers_go_on_meanwhile() {
    let scene = Arc::new(Scene::new().await);
    let vault = Arc::new(scene.vault(None));
    scene.store_secrets(&vault, 1..600).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut others = tokio::task::JoinSet::new();
    for worker in 0..4_u128 {
        let (scene, vault, over) = (Arc::clone(&scene), Arc::clone(&vault), Arc::clone(&over));
        others.spawn(async move {
            let mut id = 1_000 * (worker + 1);
            let mut writes = 0;
            while !over.load(Ordering::Relaxed) {
                id += 1;
                let sealed = vault.seal_field(ObjectId(id), "api_key", &secret(id)).unwrap();
                match scene.put(id, vec![sealed]).await {
                    Ok(()) | Err(StoreError::RetiredVaultKey { .. }) => writes += 1,
                    Err(other) => panic!("{other}"),
                }
                let page = scene.stores.control.all(None, 50).await.unwrap();
                for object in page {
                    assert_eq!(vault.open_field(object.id, &object.secrets[0]).unwrap(), secret(object.id.0));
                }
            }
            writes
        });
    }
    for _ in 0..3 {
        let rotated = rotate(&vault, &*scene.stores.control, &actor()).await.unwrap();
        assert!(rotated.resealed >= 599 && rotated.retired.len() == 1, "{rotated:?}");
    }
    over.store(true, Ordering::Relaxed);
    let writes: u32 = others.join_all().await.into_iter().sum();
    assert!(writes > 0);
    scene.assert_all_open(&scene.vault(None)).await;
}

#[tokio::test]
async fn one_rotation_runs_at_a_time() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    scene.store_secrets(&vault, 1..3).await;
    let control = &*scene.stores.control;
    let (who, too) = (actor(), actor());
    let (one, two) = tokio::join!(rotate(&vault, control, &who), rotate(&vault, control, &too));
    assert_eq!(one.unwrap().resealed, 2);
    assert!(matches!(two, Err(VaultError::Rotating)), "{two:?}");
    rotate(&vault, control, &who).await.unwrap();
}
