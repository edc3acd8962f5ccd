//! What systemd is told, and what it may do: `Type=notify` and `ExecReload`.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::process::{Pid, Signal, kill_process};
use testkit::gateway::Setup;

use crate::scene::{BINARY, SOON};

fn heard(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 256];
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

#[tokio::test]
async fn it_is_told_when_calls_are_served_and_when_not_any_more() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("notify");
    let named = UnixDatagram::bind(&path).unwrap();
    let unique = format!("gatewright-test-{}", std::process::id());
    let unnamed = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&unique).unwrap()).unwrap();
    for (socket, name) in [(named, path.display().to_string()), (unnamed, format!("@{unique}"))] {
        socket.set_read_timeout(Some(SOON)).unwrap();
        let mut gateway = Setup::new(BINARY).variable("NOTIFY_SOCKET", &name).start().await;
        assert_eq!(heard(&socket), "READY=1");
        assert_eq!(gateway.client().get("/readyz").await.status, 200);
        gateway.terminate();
        assert_eq!(heard(&socket), "STOPPING=1");
        assert_eq!(gateway.wait().await.code(), Some(0));
    }
}

#[tokio::test]
async fn a_reload_is_no_end() {
    let mut gateway = Setup::new(BINARY).variable("NOTIFY_SOCKET", "/nowhere/notify").start().await;
    gateway.wait_for_log("systemd asked to be told and cannot be", SOON).await;
    let id = Pid::from_raw(i32::try_from(gateway.process_id().unwrap()).unwrap()).unwrap();
    for _ in 0..3 {
        kill_process(id, Signal::HUP).unwrap();
        assert_eq!(gateway.client().get("/readyz").await.status, 200);
    }
    assert_eq!(gateway.stop().await.code(), Some(0));
}
