//! Levels of the log.

use serde::{Deserialize, Serialize};

/// How much a line of the log matters.
///
/// ```
/// use quietus_plugin::Level;
///
/// let level = if cfg!(debug_assertions) { Level::Debug } else { Level::Info };
/// assert_eq!(Level::from_number(level.number()), level);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody should look.
    Error,
    /// Somebody may want to look.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The number in the C ABI.
    ///
    /// ```
    /// assert_eq!(quietus_plugin::Level::Warn.number(), 2);
    /// ```
    pub fn number(self) -> i32 {
        self as i32 + 1
    }

    /// The level of a number in the C ABI; a number that is none is the nearest one.
    ///
    /// ```
    /// use quietus_plugin::Level;
    /// assert_eq!((Level::from_number(3), Level::from_number(99)), (Level::Info, Level::Trace));
    /// ```
    pub fn from_number(number: i32) -> Self {
        match number {
            i32::MIN..=1 => Self::Error,
            2 => Self::Warn,
            3 => Self::Info,
            4 => Self::Debug,
            5.. => Self::Trace,
        }
    }
}
