use super::*;

fn directory() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("deep/data");
    (root, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_start_makes_private_files_and_the_second_reads_them() {
    let (_root, path) = directory();
    let mut first = DataDir::open(&path).unwrap();
    let (pepper, token) = (first.pepper().unwrap(), first.admin_token().unwrap());
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("pepper")), 0o600);
    assert_eq!(mode(&path.join("admin-token")), 0o600);
    assert!(token.expose().starts_with("gwadmin_") && token.expose().len() == 51);
    assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "drafts are gone");
    assert!(first.warnings().is_empty());

    let mut second = DataDir::open(&path).unwrap();
    assert_eq!(second.pepper().unwrap(), pepper);
    assert_eq!(second.admin_token().unwrap(), token);
    assert_eq!(second.read_admin_token().unwrap(), Some(token));
}

#[test]
fn what_is_there_is_never_replaced() {
    let (_root, path) = directory();
    DataDir::open(&path).unwrap();
    publish(&path.join("pepper"), &[1; 32]).unwrap();
    publish(&path.join("pepper"), &[2; 32]).unwrap();
    assert_eq!(DataDir::open(&path).unwrap().pepper().unwrap().expose(), &[1; 32]);
}

#[test]
fn a_file_that_everybody_can_read_is_refused() {
    let (_root, path) = directory();
    let mut data_dir = DataDir::open(&path).unwrap();
    data_dir.pepper().unwrap();
    chmod(&path.join("pepper"), 0o604);
    let error = data_dir.pepper().unwrap_err().to_string();
    assert!(error.contains("(mode 604); run `chmod 600 "), "{error}");
}

#[test]
fn a_file_that_a_group_can_read_is_a_warning() {
    let (_root, path) = directory();
    let mut data_dir = DataDir::open(&path).unwrap();
    data_dir.admin_token().unwrap();
    chmod(&path.join("admin-token"), 0o640);
    data_dir.admin_token().unwrap();
    data_dir.admin_token().unwrap();
    assert_eq!(data_dir.warnings().len(), 1, "{:?}", data_dir.warnings());
}

#[test]
fn a_directory_is_judged_by_who_can_write() {
    let (_root, path) = directory();
    DataDir::open(&path).unwrap();
    chmod(&path, 0o755);
    assert_eq!(DataDir::open(&path).unwrap().warnings().len(), 1);
    chmod(&path, 0o707);
    assert!(matches!(DataDir::open(&path), Err(FilesError::Open { mode: 0o707, .. })));
}

#[test]
fn damage_is_an_error_and_not_a_new_secret() {
    let (_root, path) = directory();
    let mut data_dir = DataDir::open(&path).unwrap();
    for (name, content) in [("pepper", "too short"), ("admin-token", "short")] {
        write_new(&path.join(name), content.as_bytes()).unwrap();
    }
    assert!(matches!(data_dir.pepper(), Err(FilesError::Damaged { .. })));
    assert!(matches!(data_dir.admin_token(), Err(FilesError::Damaged { .. })));
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    fs::write(&path, "").unwrap();
    assert!(matches!(DataDir::open(&path), Err(FilesError::NotADirectory { .. })));
}

#[test]
fn the_directory_is_where_the_platform_says() {
    let locate = |variables: &[(&str, &str)]| {
        DataDir::locate(&Environment::fixed(variables.iter().copied())).map(|path| path.display().to_string())
    };
    let all = [("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), ("XDG_DATA_HOME", "/x"), ("HOME", "/home/me")];
    assert_eq!(locate(&all).as_deref(), Some("/var/lib/a"));
    assert_eq!(locate(&all[1..]).as_deref(), Some("/x/gatewright"));
    assert_eq!(locate(&all[2..]).as_deref(), Some("/home/me/.local/share/gatewright"));
    assert_eq!(locate(&[]), None);
}
