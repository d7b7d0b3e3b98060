//! Which texts of a plugin's own configuration its JSON Schema says are public: those under a key that is marked so, and words
//! that the schema itself lists.

use serde_json::Value;

/// The mark, in the schema of a key. What stands below a marked key is public, too.
const MARK: &str = "x-quietus-public";
/// References and alternatives that are followed from one place.
const DEPTH_MAX: usize = 8;

/// What a schema says of one part of a configuration: all alternatives of it.
#[derive(Clone)]
pub(super) struct Schema<'s> {
    root: Option<&'s Value>,
    nodes: Vec<&'s Value>,
    is_public: bool,
}

impl<'s> Schema<'s> {
    /// Of the whole; without a schema, nothing is public.
    pub(super) fn of(schema: Option<&'s Value>) -> Self {
        Self { root: schema, nodes: Vec::new(), is_public: false }.with(schema.into_iter().collect())
    }

    pub(super) fn member(&self, key: &str) -> Self {
        let of_node = |node: &&'s Value| node["properties"].get(key).or_else(|| node.get("additionalProperties"));
        self.with(self.nodes.iter().filter_map(of_node).collect())
    }

    pub(super) fn element(&self) -> Self {
        self.with(self.nodes.iter().filter_map(|node| node.get("items")).collect())
    }

    /// Whether this text, which stands here, is public.
    pub(super) fn shows(&self, text: &str) -> bool {
        let lists = |node: &&Value| {
            let values = node["enum"].as_array().into_iter().flatten();
            values.chain(node.get("const")).any(|value| value.as_str() == Some(text))
        };
        self.is_public || self.nodes.iter().any(lists)
    }

    fn with(&self, found: Vec<&'s Value>) -> Self {
        let mut nodes = Vec::new();
        for node in found {
            self.add(node, DEPTH_MAX, &mut nodes);
        }
        let is_public = self.is_public || nodes.iter().any(|node| node[MARK] == true);
        Self { root: self.root, nodes, is_public }
    }

    /// The node, what it refers to, and its alternatives.
    fn add(&self, node: &'s Value, depth: usize, into: &mut Vec<&'s Value>) {
        into.push(node);
        if depth == 0 {
            return;
        }
        let refers = node["$ref"].as_str().and_then(|reference| self.root?.pointer(reference.strip_prefix('#')?));
        let alternatives = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| node[key].as_array()).flatten();
        for next in refers.into_iter().chain(alternatives) {
            self.add(next, depth - 1, into);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_marked_or_listed_is_public_and_nothing_else_is() {
        let schema = json!({
            "properties": {
                "folder": { "type": "string", MARK: true },
                "url": { "type": "string" },
                "vendor": { "enum": ["hubspot", "raynet"] },
                "by": { "type": "array", "items": { "$ref": "#/$defs/by" } },
                "where": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/where" }], MARK: true },
            },
            "$defs": {
                "by": { "oneOf": [{ "const": "email" }, { "const": "phone" }] },
                "where": { "properties": { "disk": { "type": "string" } } },
            },
        });
        let whole = Schema::of(Some(&schema));
        assert!(whole.member("folder").shows("/srv"));
        assert!(!whole.member("url").shows("https://crm.example") && !whole.member("none").shows("x"));
        assert!(whole.member("vendor").shows("hubspot") && !whole.member("vendor").shows("hunter2"));
        assert!(whole.member("by").element().shows("email") && !whole.member("by").element().shows("hunter2"));
        assert!(whole.member("where").member("disk").shows("/srv"), "below a mark");
        assert!(!Schema::of(None).member("folder").shows("/srv"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "properties": { "a": { "$ref": "#/properties/a" } } });
        assert!(!Schema::of(Some(&schema)).member("a").shows("x"));
    }
}
