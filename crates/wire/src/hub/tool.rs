//! The tools that a model may call, and what it is told about calling them.

use super::json::{Extra, Json};
use super::part::CacheMark;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    Function(FunctionTool),
    /// A tool that only its own dialect knows (a server tool, a grammar).
    Native {
        name: String,
        json: Json,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionTool {
    pub name: String,
    pub description: Option<String>,
    /// The JSON schema of the arguments, byte for byte.
    pub parameters: Option<Json>,
    pub strict: Option<bool>,
    pub cache: Option<CacheMark>,
    pub extra: Extra,
    /// What rides along outside of the function, where the dialect nests it.
    pub wrapper: Extra,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    /// Some tool, whichever.
    Required,
    /// This tool.
    Tool(String),
    /// Some of these tools; `required` when one must be called.
    Allowed {
        required: bool,
        names: Vec<String>,
        written: Json,
    },
    /// A form that only its own dialect knows.
    Native(Json),
}

impl ToolChoice {
    /// Whether leaving the choice out would change what the model does.
    pub const fn matters(&self) -> bool {
        self.is_forced() || matches!(self, Self::Native(_))
    }

    /// Whether the model has to call a tool.
    pub const fn is_forced(&self) -> bool {
        matches!(self, Self::Required | Self::Tool(_) | Self::Allowed { required: true, .. })
    }
}
