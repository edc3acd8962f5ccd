//! How a stored object stands in the running configuration.

/// Whether an object is in force, and if not, why.
#[derive(Debug, Clone, Default)]
pub(in crate::admin) struct Standing {
    /// Why it is not in force.
    pub(in crate::admin) problems: Vec<String>,
    /// Where the file declares an object of its name.
    pub(in crate::admin) shadowed_by: Option<String>,
}

impl Standing {
    /// The word for it, where nothing stands in its way but its own state.
    pub(in crate::admin) const fn status(&self, own: &'static str) -> &'static str {
        if self.shadowed_by.is_some() {
            "shadowed"
        } else if self.problems.is_empty() {
            own
        } else {
            "quarantined"
        }
    }
}
