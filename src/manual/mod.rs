//! People as a target: no company has a plugin for everything. Who is to erase something gets a task, which is a step that somebody
//! has taken in hand and reports on later; nobody is called. Knows nothing of who does it, nor of the person that it is about.

mod settings;
mod target;

pub(crate) use settings::ManualSettings;
pub(crate) use target::ManualTarget;
