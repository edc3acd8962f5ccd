//! Whom to believe.

use domain::{Network, NotANetwork};

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// An address or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkText(pub(crate) Network);

impl Field for NetworkText {
    fn shape() -> Shape {
        let pattern = "^[0-9a-fA-F:.]{2,45}(/[0-9]{1,3})?$";
        Shape::text("address or network such as `10.0.0.0/8`", pattern, 64)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "an IP address or a network such as `10.0.0.0/8`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        match written.value.parse() {
            Ok(network) => Some(Self(network)),
            Err(NotANetwork::HostBits { network }) => {
                let message = format!("`{}` has bits behind its prefix", written.shown);
                reading.error_with(node, message, format!("did you mean `{network}`?"));
                None
            }
            Err(NotANetwork::Form) => {
                reading.refuse(node, expected, &written);
                None
            }
        }
    }
}
