//! What the process forbids about its memory.

/// In a process of its own, so that the other tests can still be debugged: this one starts itself again.
#[test]
fn core_dumps_are_forbidden() {
    if std::env::var_os("FORBID").is_some() {
        vault::forbid_core_dumps().unwrap();
        let limits = rustix::process::getrlimit(rustix::process::Resource::Core);
        assert_eq!((limits.current, limits.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
        return;
    }
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "core_dumps::core_dumps_are_forbidden"])
        .env("FORBID", "1")
        .status()
        .unwrap();
    assert!(status.success());
}
