//! Where the gateway listens.

use std::net::SocketAddr;

use serde_json::Value;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// An IP address and a port. No name: what it stands for could change under a rule about loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl Field for Listen {
    fn shape() -> Shape {
        let pattern = r"^([0-9.]{7,15}|\[[0-9a-fA-F:.]{2,45}(%[0-9]+)?\]):[0-9]{1,5}$";
        Shape::text("address such as `127.0.0.1:4242`", pattern, 64)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "an IP address and a port, such as `127.0.0.1:4242`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        let address = written.value.parse();
        if address.is_err() {
            reading.refuse(node, expected, &written);
        }
        address.ok().map(Self)
    }

    fn written(&self) -> Option<Value> {
        Some(self.0.to_string().into())
    }
}
