//! Templates as text: what would let an identifier reach further than its name is refused here.

use super::{Naming, Part, Template};

impl Template {
    /// The error says what is wrong; the caller knows where.
    pub(crate) fn parse(text: &str, naming: Naming, kinds: &[String]) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("it has a control character".into());
        }
        let parse = |component| parts(component, naming, kinds).map_err(|why| format!("in `{component}`: {why}"));
        let template = Self { naming, components: text.split('/').map(parse).collect::<Result<_, _>>()? };
        if template.kinds().is_empty() {
            return Err("there is no identifier in it, such as `{session_id}`, so it would erase no matter whom".into());
        }
        Ok(template)
    }
}

fn parts(component: &str, naming: Naming, kinds: &[String]) -> Result<Vec<Part>, String> {
    match (component, naming) {
        ("." | "..", _) => return Err("it leads elsewhere".into()),
        ("", Naming::Files) => return Err("a name is empty; it begins and ends without `/`, and has no `//`".into()),
        _ => {}
    }
    let mut parts = Vec::new();
    let mut rest = component;
    while !rest.is_empty() {
        let end = rest.find(['{', '}', '*']).unwrap_or(rest.len());
        let (text, more) = rest.split_at(end);
        if !text.is_empty() {
            parts.push(Part::Text(text.to_owned()));
        }
        rest = more;
        if let Some(more) = rest.strip_prefix('{') {
            let (kind, more) = more.split_once('}').ok_or("`{` without `}`")?;
            parts.push(slot(kind, kinds)?);
            rest = more;
        } else if let Some(more) = rest.strip_prefix('*') {
            if naming == Naming::Objects {
                return Err("`*` is for files only; `recursive` takes all objects below a key".into());
            }
            if parts.last() != Some(&Part::Any) {
                parts.push(Part::Any);
            }
            rest = more;
        } else if rest.starts_with('}') {
            return Err("`}` without `{`".into());
        }
    }
    bound(&mut parts)?;
    if parts.windows(2).any(|two| matches!(two, [Part::Slot { .. }, Part::Slot { .. }])) {
        return Err(
            "between two identifiers there must be something, such as `-`: otherwise 1 and 23 would mean the file \
                    of 12 and 3, too"
                .into(),
        );
    }
    Ok(parts)
}

fn slot(kind: &str, kinds: &[String]) -> Result<Part, String> {
    const KNOWN: [&str; 5] = ["email", "phone", "name", "guest_id", "session_id"];
    if KNOWN.contains(&kind) || kinds.iter().any(|own| own == kind) {
        return Ok(Part::Slot { kind: kind.to_owned(), without: Vec::new() });
    }
    Err(format!("`{kind}` is not known; kinds are {}, and those in `kinds`", KNOWN.join(", ")))
}

/// Where a name has a wildcard, `12` must not mean what is named after `123`, nor after `12-3`: each identifier ends with a
/// character of the operator's that is not in the identifier itself.
fn bound(parts: &mut [Part]) -> Result<(), String> {
    let wildcards: Vec<_> = (0..parts.len()).filter(|at| parts[*at] == Part::Any).collect();
    let (Some(first), Some(last)) = (wildcards.first(), wildcards.last()) else { return Ok(()) };
    for at in 0..parts.len() {
        if !matches!(parts[at], Part::Slot { .. }) {
            continue;
        }
        let mut ends = Vec::new();
        if at < *last {
            ends.push(neighbour(parts.get(at + 1), |text| text.chars().next())?);
        }
        if at > *first {
            ends.push(neighbour(at.checked_sub(1).and_then(|before| parts.get(before)), |text| text.chars().last())?);
        }
        if let Part::Slot { without, .. } = &mut parts[at] {
            *without = ends;
        }
    }
    Ok(())
}

fn neighbour(part: Option<&Part>, end: fn(&str) -> Option<char>) -> Result<char, String> {
    match part {
        Some(Part::Text(text)) => end(text),
        _ => None,
    }
    .ok_or_else(|| {
        "between an identifier and `*` there must be a character that no identifier has, such as `-`: \
         otherwise 12 would mean the files of 123, too"
            .into()
    })
}
