use proptest::prelude::*;

use super::*;
use crate::NotAVaultKey;

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn key(text: &str) -> Secret<[u8; 32]> {
    crate::parse_vault_key(text).unwrap_or_else(|NotAVaultKey| panic!("{text}"))
}

fn master(byte: u8) -> MasterKey {
    MasterKey::new(Secret::new([byte; 32]))
}

const PLACE: Place<'static> = Place { table: "secrets", row: 0x47a, field: "api_key" };

fn open_with(place: Place<'_>, sealed: &[u8], keys: &[MasterKey]) -> Result<Vec<u8>, VaultError> {
    open(place, sealed, |id| keys.iter().find(|key| key.id == id)).map(|value| value.expose().clone())
}

/// Test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)".
#[test]
fn the_cipher_is_aes_256_gcm() {
    let zeros = "0".repeat(64);
    let key_16 = "feffe9928665731c6d6a8f9467308308".repeat(2);
    for (key_text, nonce, authenticated, value, encrypted, tag) in [
        (&zeros, &zeros[..24], "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            &zeros,
            &zeros[..24],
            "",
            &zeros[..32],
            "cea7403d4d606b6e074ec5d3baf39d18",
            "d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            &key_16,
            "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ] {
        let mut sent = hex(nonce);
        sent.extend(hex(encrypted));
        sent.extend(hex(tag));
        let opened = decrypt(&key(key_text), &hex(authenticated), &sent).unwrap();
        assert_eq!(opened.expose(), &hex(value));
    }
}

/// Secrets that are stored today must open in every later version.
#[test]
fn the_format_never_changes() {
    let sealed = hex(SEALED_BY_VERSION_1);
    assert_eq!(open_with(PLACE, &sealed, &[master(7)]).unwrap(), b"sk-canary");
}

#[test]
fn two_seals_of_the_same_secret_have_nothing_in_common() {
    let (first, second) =
        (seal(&master(1), PLACE, b"secret").unwrap(), seal(&master(1), PLACE, b"secret").unwrap());
    let header = 2 + master(1).id.len();
    assert_eq!(first[..header], second[..header]);
    assert!(first[header..].chunks(8).zip(second[header..].chunks(8)).all(|(a, b)| a != b));
    assert!(!first.windows(6).any(|window| window == b"secret"));
}

#[test]
fn a_value_opens_in_its_own_place_only() {
    let keys = [master(1)];
    let sealed = seal(&keys[0], PLACE, b"secret").unwrap();
    assert_eq!(open_with(PLACE, &sealed, &keys).unwrap(), b"secret");
    for moved in [
        Place { row: 0x47b, ..PLACE },
        Place { field: "api_key2", ..PLACE },
        Place { table: "codes", ..PLACE },
        Place { table: "secretsa", field: "pi_key", ..PLACE },
    ] {
        let refused = open_with(moved, &sealed, &keys).unwrap_err();
        assert!(matches!(refused, VaultError::Changed { .. }), "{moved}: {refused}");
        let refused = rewrap(&master(2), moved, &sealed, |_| Some(&keys[0]));
        assert!(matches!(refused, Err(VaultError::Changed { .. })), "{moved}");
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let keys = [master(1)];
    let sealed = seal(&keys[0], PLACE, b"secret").unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1 << bit;
            assert!(open_with(PLACE, &flipped, &keys).is_err(), "byte {at}, bit {bit}");
            assert!(rewrap(&master(2), PLACE, &flipped, |_| Some(&keys[0])).is_err(), "byte {at}, bit {bit}");
        }
        assert!(open_with(PLACE, &sealed[..at], &keys).is_err(), "cut at {at}");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert!(open_with(PLACE, &longer, &keys).is_err());
}

#[test]
fn the_value_of_one_secret_does_not_open_with_the_data_key_of_another() {
    let keys = [master(1)];
    let (one, two) = (seal(&keys[0], PLACE, b"secret").unwrap(), seal(&keys[0], PLACE, b"secret").unwrap());
    let header = 2 + keys[0].id.len() + WRAPPED_LEN;
    let mixed = [&one[..header], &two[header..]].concat();
    assert!(matches!(open_with(PLACE, &mixed, &keys), Err(VaultError::Changed { .. })));
}

#[test]
fn a_key_that_is_not_here_is_named() {
    let sealed = seal(&master(1), PLACE, b"secret").unwrap();
    let refused = open_with(PLACE, &sealed, &[master(2)]).unwrap_err().to_string();
    assert!(refused.contains(&format!("vault key `{}`, which is not here", master(1).id)), "{refused}");
    assert!(refused.contains("`secrets/0000000000000000000000000000047a/api_key`"), "{refused}");
}

#[test]
fn rewrapping_changes_the_master_key_and_leaves_the_value_alone() {
    let (old, new) = (master(1), master(2));
    let sealed = seal(&old, PLACE, b"secret").unwrap();
    let resealed = rewrap(&new, PLACE, &sealed, |_| Some(&old)).unwrap().unwrap();
    let value = 2 + old.id.len() + WRAPPED_LEN;
    assert_eq!(resealed[value..], sealed[value..]);
    assert_eq!(open_with(PLACE, &resealed, std::slice::from_ref(&new)).unwrap(), b"secret");
    assert!(matches!(open_with(PLACE, &resealed, &[old]), Err(VaultError::MissingKey { .. })));
    assert_eq!(rewrap(&new, PLACE, &resealed, |_| Some(&new)).unwrap(), None);
}

proptest! {
    #[test]
    fn any_value_comes_back_from_any_place(
        value: Vec<u8>,
        row: u128,
        table in ".{0,20}",
        field in ".{0,20}",
    ) {
        let keys = [master(3)];
        let place = Place { table: &table, row, field: &field };
        let sealed = seal(&keys[0], place, &value).unwrap();
        prop_assert_eq!(open_with(place, &sealed, &keys).unwrap(), value);
    }

    #[test]
    fn rubbish_is_refused(bytes: Vec<u8>) {
        prop_assert!(open_with(PLACE, &bytes, &[master(3)]).is_err());
    }
}

const SEALED_BY_VERSION_1: &str = "010c6236653466343532396132391a3d223045a2cbde1fa1f51b04558667c3a0d580606a2a0ef86dcb448e2871937217ec6f49246ec8483e\
    919fb3cb02c2ea6b8d470a8efe46091fc31244c5a9f5ba368144a320279b9904d4aa1ca151638b986718b00854e1031087a67d51867324";
