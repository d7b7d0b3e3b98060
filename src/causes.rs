//! Errors as a log shows them, and words that several of them have in common.

/// What helps where a file is refused to the account that runs a command.
pub(crate) const HELP_OF_DENIED: &str = "give the account that runs this the right to it, or run this as the account of the server, such as `sudo -u quietus \
                                         quietus status`";

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
