//! On which line of the file each key stands.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{ImDocument, Item, Table, TableLike, Value};

/// The lines of keys, such as `rule.2.when`, counted from 1 as people do.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// Of a text that is TOML; of another one nothing is known.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        if let Ok(document) = ImDocument::parse(text) {
            // Once: a file may have thousands of keys.
            let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
            Walk { ends, lines: &mut lines.0 }.table("", document.as_table());
        }
        lines
    }

    /// The line of a key, or of the nearest one around it that stands in the file.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        let mut key = key;
        loop {
            if let Some(line) = self.0.get(key) {
                return Some(*line);
            }
            (key, _) = key.rsplit_once('.')?;
        }
    }
}

struct Walk<'t> {
    /// Where lines end, in bytes.
    ends: Vec<usize>,
    lines: &'t mut BTreeMap<String, usize>,
}

impl Walk<'_> {
    fn table(&mut self, path: &str, table: &Table) {
        for (name, item) in table.iter() {
            let key = table.key(name).and_then(toml_edit::Key::span);
            self.item(&joined(path, name), key, item);
        }
    }

    fn inline(&mut self, path: &str, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            self.item(&joined(path, name), item.span(), item);
        }
    }

    fn item(&mut self, path: &str, at: Option<Range<usize>>, item: &Item) {
        self.note(path, at.or_else(|| item.span()));
        match item {
            Item::Table(table) => self.table(path, table),
            Item::ArrayOfTables(tables) => {
                for (index, table) in tables.iter().enumerate() {
                    let element = joined(path, &(index + 1).to_string());
                    self.note(&element, table.span());
                    self.table(&element, table);
                    // Several installations are named, not counted.
                    if let Some(name) = table.get("name").and_then(Item::as_str).filter(|_| path == "mluvii") {
                        let named = joined(path, name);
                        self.note(&named, table.span());
                        self.table(&named, table);
                    }
                }
            }
            Item::Value(value) => self.value(path, value),
            Item::None => {}
        }
    }

    fn value(&mut self, path: &str, value: &Value) {
        match value {
            Value::InlineTable(table) => self.inline(path, table),
            Value::Array(array) => {
                for (index, element) in array.iter().enumerate() {
                    let path = joined(path, &(index + 1).to_string());
                    self.note(&path, element.span());
                    self.value(&path, element);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, path: &str, at: Option<Range<usize>>) {
        if let Some(at) = at {
            let line = self.ends.partition_point(|end| *end < at.start) + 1;
            self.lines.insert(path.to_owned(), line);
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_line_and_what_is_missing_that_of_what_it_is_missing_in() {
        let text = "# a\n[server]\nlisten = \"x\"\nsession = { a = 1 }\n\n[[rule]]\nname = \"r\"\n[[rule]]\nname = \"s\"\n\
                    when = '''a\nb'''\nexpect = [\n  \"x\",\n  { erase = \"y\" },\n]\n[[mluvii]]\nname = \"acme\"\nbase_url = \"u\"\n";
        let lines = Lines::of(text);
        let line = |key| lines.line(key);
        assert_eq!((line("server"), line("server.listen"), line("server.session.a")), (Some(2), Some(3), Some(4)));
        assert_eq!((line("rule.1.name"), line("rule.2"), line("rule.2.when")), (Some(7), Some(8), Some(10)));
        assert_eq!((line("rule.2.on"), line("rule.2.expect.2.erase")), (Some(8), Some(14)));
        assert_eq!((line("mluvii.acme.base_url"), line("mluvii.1.base_url")), (Some(18), Some(18)));
        assert_eq!((line("rule.3"), line("source"), Lines::of("[").line("a")), (Some(6), None, None));
    }
}
