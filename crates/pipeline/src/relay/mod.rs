//! Stage *relay*: upstream body → client body, raw, edited or translated.

mod deadlines;
mod edit;
mod flow;
mod stream;
mod whole;

pub use edit::{Editors, TextEditor};
pub use stream::{Aborted, Relay};

pub(crate) use deadlines::Limits;
pub(crate) use edit::Edit;
pub(crate) use flow::{Flow, Translation};
pub(crate) use stream::stream;
pub(crate) use whole::whole;
