//! Where master keys come from.

use std::os::unix::fs::PermissionsExt;

use domain::{ObjectId, Secret};
use vault::{FilesError, Place, Vault, VaultError};

use crate::scene::{Scene, configured, lines, secret};

const PLACE: Place<'static> = Place { table: "codes", row: 1, field: "x" };

#[tokio::test]
async fn the_first_start_makes_a_private_key_and_the_second_reads_it() {
    let scene = Scene::new().await;
    let first = scene.vault(None);
    let mode = std::fs::metadata(scene.key_file()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let sealed = first.seal(PLACE, b"secret").unwrap();
    let second = scene.vault(None);
    assert_eq!(second.current_id(), first.current_id());
    assert_eq!(second.open_sealed(PLACE, &sealed).unwrap(), Secret::from("secret"));
    assert!(!format!("{second:?}").contains(&std::fs::read_to_string(scene.key_file()).unwrap()[..8]));
    let other = Scene::new().await;
    assert_ne!(other.vault(None).current_id(), first.current_id());
}

#[tokio::test]
async fn a_configured_key_needs_no_file_and_takes_over_from_one() {
    let scene = Scene::new().await;
    assert!(scene.vault(configured(1, &[])).is_configured());
    assert!(!scene.key_file().exists());

    let generated = scene.vault(None);
    let sealed = generated.seal(PLACE, b"secret").unwrap();
    let vault = scene.vault(configured(1, &[2]));
    assert_eq!(vault.key_ids()[2..], [generated.current_id()]);
    assert_eq!(vault.open_sealed(PLACE, &sealed).unwrap(), Secret::from("secret"));
    let resealed = vault.rewrap(PLACE, &sealed).unwrap().unwrap();
    assert!(matches!(generated.open_sealed(PLACE, &resealed), Err(VaultError::MissingKey { .. })));
}

#[tokio::test]
async fn a_damaged_key_file_is_an_error_and_not_a_new_key() {
    for content in ["", "\n", "not a key\n", "AAAA\n"] {
        let scene = Scene::new().await;
        scene.vault(None);
        std::fs::write(scene.key_file(), content).unwrap();
        let error = Vault::open(&mut scene.data_dir(), None).unwrap_err();
        assert!(matches!(error, VaultError::Files(FilesError::DamagedVaultKey { .. })), "{error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
        assert_eq!(std::fs::read_to_string(scene.key_file()).unwrap(), content);
    }
}

#[tokio::test]
async fn a_key_file_that_everybody_can_read_is_refused() {
    let scene = Scene::new().await;
    scene.vault(None);
    std::fs::set_permissions(scene.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = Vault::open(&mut scene.data_dir(), None).unwrap_err();
    assert!(error.to_string().contains("run `chmod 600 "), "{error}");
}

#[tokio::test]
async fn a_reload_changes_keys_under_those_who_use_them() {
    let scene = Scene::new().await;
    let vault = scene.vault(configured(1, &[]));
    let sealed = vault.seal(PLACE, b"secret").unwrap();
    let first = vault.current_id();
    vault.set_configured(configured(2, &[1])).unwrap();
    assert_ne!(vault.current_id(), first);
    assert_eq!(vault.key_ids()[1], first);
    vault.open_sealed(PLACE, &sealed).unwrap();
    vault.set_configured(configured(2, &[])).unwrap();
    assert_eq!(vault.key_ids(), [vault.current_id()]);
    vault.open_sealed(PLACE, &sealed).expect("what was read before the reload still opens");
    vault.set_configured(None).unwrap();
    assert_eq!(lines(&scene.key_file()), 1);
}

#[tokio::test]
async fn a_store_that_needs_a_key_which_is_not_here_says_which() {
    let scene = Scene::new().await;
    let lost = scene.vault(configured(1, &[]));
    scene.store_secrets(&lost, 1..4).await;
    vault::check(&lost, &*scene.stores.control).await.unwrap();
    let vault = scene.vault(configured(2, &[]));
    let error = vault::check(&vault, &*scene.stores.control).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("3 stored secrets are sealed under vault keys that are not here: `"), "{text}");
    assert!(text.contains(&lost.current_id()), "{text}");
    vault::check(&scene.vault(configured(2, &[1])), &*scene.stores.control).await.unwrap();
}

#[tokio::test]
async fn a_field_shows_its_tail_and_opens_for_its_object_only() {
    let scene = Scene::new().await;
    let vault = scene.vault(None);
    let field = vault.seal_field(ObjectId(7), "api_key", &secret(7)).unwrap();
    assert_eq!((field.tail.as_str(), &field.key_id), ("…0007", &vault.current_id()));
    assert_eq!(vault.open_field(ObjectId(7), &field).unwrap(), secret(7));
    assert!(matches!(vault.open_field(ObjectId(8), &field), Err(VaultError::Changed { .. })));
}
