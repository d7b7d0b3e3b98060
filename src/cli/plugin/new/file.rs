//! What a project is made of.

/// A file of a project.
pub(super) struct File {
    /// Below the project's folder.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// What begins with an interpreter's name is a program.
    pub(super) fn is_executable(&self) -> bool {
        self.text.starts_with("#!")
    }
}
