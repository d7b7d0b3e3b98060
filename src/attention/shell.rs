//! Names as arguments of commands that people copy.

/// A text as one argument for a shell, whatever stands in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_name_as_it_is() {
        assert_eq!(quoted("no consent"), "'no consent'");
        assert_eq!(quoted("the guest's"), r"'the guest'\''s'");
        assert_eq!(quoted("$(reboot)`x`"), "'$(reboot)`x`'");
    }
}
