//! JSON pointers (RFC 6901) into a session's reply, with `*` for each element or member: `/guest/callParams/*`.

use super::shape::Shape;

/// A place, or several, in a document. Names are compared without case.
#[derive(Clone, Debug)]
pub(super) struct Pointer {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Named(String),
    Each,
}

/// The document does not show the place: a key on the way to it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotShown;

impl Pointer {
    /// Reads a pointer; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a JSON pointer such as `/guest/callParams/*`");
        let path = text.strip_prefix('/').filter(|path| !path.is_empty()).ok_or_else(wrong)?;
        let mut steps = Vec::new();
        for part in path.split('/') {
            steps.push(match part {
                "" => return Err(wrong()),
                "*" => Step::Each,
                name => Step::Named(name.replace("~1", "/").replace("~0", "~")),
            });
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// How many of the places are not empty. Below a null there is nothing; a key that is missing is not a null.
    pub(super) fn held(&self, document: &Shape) -> Result<u64, NotShown> {
        held(&self.steps, document)
    }
}

fn held(steps: &[Step], shape: &Shape) -> Result<u64, NotShown> {
    let Some((step, rest)) = steps.split_first() else { return Ok(u64::from(shape.holds())) };
    match (step, shape) {
        (_, Shape::Null | Shape::Blank) => Ok(0),
        (Step::Named(name), Shape::Object(_)) => held(rest, shape.field(name).ok_or(NotShown)?),
        (Step::Named(_), Shape::List(elements)) => sum(elements.iter().map(|element| held(steps, element))),
        (Step::Each, Shape::List(elements)) => sum(elements.iter().map(|element| held(rest, element))),
        (Step::Each, Shape::Object(members)) => sum(members.iter().map(|(_, member)| held(rest, member))),
        // Something stands where an object or a list was expected: it is not empty.
        (_, Shape::Flag(_) | Shape::Number | Shape::Time | Shape::Text) => Ok(1),
    }
}

fn sum(mut parts: impl Iterator<Item = Result<u64, NotShown>>) -> Result<u64, NotShown> {
    parts.try_fold(0, |all, part| Ok(all + part?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pointer: &str, json: &str, expected: Result<u64, NotShown>) {
        let shape = Shape::read(json.as_bytes()).expect("JSON");
        assert_eq!(Pointer::parse(pointer).expect("a pointer").held(&shape), expected, "{pointer} in {json}");
    }

    #[test]
    fn what_is_not_empty_is_counted() {
        check("/guest/callParams/*", r#"{"guest":{"callParams":{"a":"x","b":"","c":null,"d":5}}}"#, Ok(2));
        check("/guest/callParams/*", r#"{"Guest":{"CALLPARAMS":{}}}"#, Ok(0));
        check(
            "/guest/callParams/*",
            r#"{"guest":{"callParams":[{"name":"a","value":"x"},{"name":"b","value":null}]}}"#,
            Ok(1),
        );
        check("/guest/callParams/*", r#"{"guest":{"callParams":"ann@x.cz"}}"#, Ok(1));
        check("/guest/callParams", r#"{"guest":{"callParams":{"a":"x","b":"y"}}}"#, Ok(1));
        check("/notes/*/text", r#"{"notes":[{"text":"x"},{"text":""},{"text":"y"}]}"#, Ok(2));
        check("/a~1b", r#"{"a/b":true}"#, Ok(1));
    }

    #[test]
    fn below_a_null_there_is_nothing_and_a_missing_key_is_no_null() {
        check("/guest/callParams/*", r#"{"guest":null}"#, Ok(0));
        check("/guest/callParams/*", r#"{"guest":{"callParams":null}}"#, Ok(0));
        check("/guest/callParams/*", r#"{"guest":{}}"#, Err(NotShown));
        check("/guest/callParams/*", r#"{"id":1}"#, Err(NotShown));
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["", "/", "guest", "/guest//x"] {
            assert!(Pointer::parse(text).expect_err("refused").contains("JSON pointer"), "{text}");
        }
    }
}
