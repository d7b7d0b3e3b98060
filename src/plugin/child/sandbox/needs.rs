//! What a process needs that others do not. Types only.

/// Which calls a process needs that others do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    Library,
    /// It may be a shell, which starts other programs.
    Program,
}

/// Which sockets a process may make. Pairs of sockets are always allowed: they lead nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sockets {
    /// TCP and UDP: where a port is open.
    pub(super) internet: bool,
    /// Sockets in the file system: where the operator names one.
    pub(super) local: bool,
}
