//! XML of answers: reads elements with their exact text, or fails: nothing half-read is ever "nothing there".
//! Texts are kept to the character, as keys are compared by them.

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quietus_plugin::PluginError;

use super::code::{is_code, of_code};

/// How deep S3's answers are, and then some.
const DEPTH_MAX: usize = 16;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The text of a child.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next().map(|child| child.text.as_str())
    }

    pub(super) fn all<'e, 'n>(&'e self, name: &'n str) -> impl Iterator<Item = &'e Element> + use<'e, 'n> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child that must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, PluginError> {
        self.text(name).ok_or_else(|| garbage(&format!("it has no `{name}` where it must have one")))
    }
}

/// Whether this is a page of HTML, which no storage answers.
pub(super) fn is_page(body: &[u8]) -> bool {
    const PAGES: [&[u8]; 4] = [b"<html", b"<!doc", b"<head", b"<body"];
    let begin = body.trim_ascii_start().get(..5).unwrap_or_default().to_ascii_lowercase();
    PAGES.contains(&begin.as_slice())
}

/// The root, whose name must be this one.
pub(super) fn parse(body: &[u8], root: &str) -> Result<Element, PluginError> {
    let element = element(body).ok_or_else(|| garbage("it is not XML"))?;
    match element.name.as_str() {
        name if name == root => Ok(element),
        // S3 begins some answers with 200 before it knows.
        "Error" => Err(of_code(element.text("Code").unwrap_or_default())),
        _ => Err(garbage(&format!("it is not a `{root}`"))),
    }
}

/// The code of an error's body, where it is one.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    let element = element(body).filter(|element| element.name == "Error")?;
    element.text("Code").filter(|code| is_code(code)).map(str::to_owned)
}

pub(super) fn garbage(why: &str) -> PluginError {
    PluginError::retryable(format!("the storage's answer cannot be read: {why}"))
}

/// A key of a listing that was asked for with `encoding-type=url`; a storage that does not know that says so by silence.
pub(super) fn decoded(text: &str, listing: &Element) -> Result<String, PluginError> {
    if listing.text("EncodingType") != Some("url") {
        return Ok(text.to_owned());
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(|key| key.into_owned()).map_err(|_| garbage("a key is not UTF-8"))
}

fn element(body: &[u8]) -> Option<Element> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if root.is_some() || open.len() >= DEPTH_MAX {
                    return None;
                }
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::Empty(empty) => {
                let name = empty.local_name().as_ref().to_owned();
                close(Element { name, ..Element::default() }, &mut open, &mut root)?;
            }
            Event::End(_) => {
                let closed = open.pop()?;
                close(closed, &mut open, &mut root)?;
            }
            Event::Text(text) => append(&mut open, &text)?,
            Event::CData(text) => append(&mut open, &text)?,
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4]))?,
                None => append(&mut open, resolve_predefined_entity(&reference)?)?,
            },
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            // Entities of one's own are for attacks only.
            Event::DocType(_) => return None,
            Event::Eof => return if open.is_empty() { root } else { None },
        }
    }
}

/// `None` when it stands outside of the root.
fn append(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// `None` when it is a second root.
fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_to_the_character() {
        let xml = "<?xml version='1.0'?><L xmlns='x'><Key> a&amp;b&#13;\n&lt;<![CDATA[<&>]]>\u{301} </Key><Empty/></L>";
        let root = parse(xml.as_bytes(), "L").expect("XML");
        assert_eq!(root.text("Key"), Some(" a&b\r\n<<&>\u{301} "));
        assert_eq!(root.text("Empty"), Some(""));
        assert_eq!(root.text("None"), None);
    }

    #[test]
    fn what_is_not_whole_is_not_nothing() {
        for xml in [
            "",
            "<L>",
            "<L></L",
            "<L></M>",
            "<L/><L/>",
            "x",
            "<L/>x",
            "<L>&evil;</L>",
            "<html><body>busy</body></html>",
            "<!DOCTYPE L [<!ENTITY a 'b'>]><L>&a;</L>",
            "{}",
        ] {
            let error = parse(xml.as_bytes(), "L").expect_err(xml);
            assert_eq!(error.class, quietus_plugin::ErrorClass::Retryable, "{xml}");
        }
        assert!(parse(b"\xff", "L").is_err());
        assert!(parse("<L>".repeat(100_000).as_bytes(), "L").is_err());
    }
}
