//! Steps, checked and parsed one after the other, since each may use the lists of those before it.

use std::collections::BTreeSet;

use quietus_plugin::Secrets;
use quietus_plugin::http::{HeaderName, Method};

use super::name::plain;
use super::paging::PlannedPaging;
use super::parts::{PlannedBody, json_template, pairs, segments, statuses};
use super::results::Results;
use super::returns::{NOT_TOLD, Returns};
use crate::config::{Body, Config, Statuses, Step};
use crate::template::{Known, Name, Place, Template};

/// Headers that the client itself sets.
const HEADERS_REFUSED: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "upgrade"];

/// One step, parsed.
pub(crate) struct Planned {
    pub(crate) name: String,
    pub(crate) method: Method,
    /// Method and path as they are configured, for errors.
    pub(crate) shown: String,
    /// The segments of the path.
    pub(crate) path: Vec<Template>,
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) query: Vec<(String, Template)>,
    pub(crate) body: PlannedBody,
    pub(crate) for_each: Option<String>,
    pub(crate) when: Option<String>,
    /// The step whose deletion this one completes.
    pub(crate) completes: Option<String>,
    /// The address is one record's.
    pub(crate) lookup: bool,
    /// Identifier kinds that the templates use, in order.
    pub(crate) kinds: Vec<String>,
    pub(crate) results: Results,
    pub(crate) paging: Option<PlannedPaging>,
    pub(crate) status: Statuses,
    pub(crate) count: String,
    pub(crate) reads: bool,
    /// As what other systems are told what it takes.
    pub(crate) returns: Option<Returns>,
    /// Whether it is about a person: it uses an identifier, or what was found by one.
    pub(crate) personal: bool,
    /// Whether it is about what an earlier step has found of the person.
    pub(crate) is_searched_for: bool,
    /// Its path, query or body has an identifier, so that what it finds was found by that.
    pub(crate) asks_for_value: bool,
    /// It judges what an earlier step has found and left to it.
    pub(crate) judges_candidates: bool,
    /// The steps whose lists it depends on, and those that these depend on.
    pub(crate) roots: BTreeSet<String>,
    /// That its last page says that there is more is an error, and not only told.
    pub(crate) must_be_whole: bool,
}

/// Makes steps of what the operator writes.
pub(super) struct Maker<'a> {
    pub(super) config: &'a Config,
    pub(super) secrets: &'a Secrets,
    pub(super) kinds: Vec<String>,
}

impl Maker<'_> {
    pub(super) fn steps(&self, steps: &[Step], which: &str) -> Result<Vec<Planned>, String> {
        let mut lists = Vec::new();
        let mut planned: Vec<Planned> = Vec::new();
        for step in steps {
            if planned.iter().any(|earlier| earlier.name == step.name) {
                return Err(format!("{which}: two steps are named `{}`", step.name));
            }
            let next = self.step(step, &mut lists).and_then(|next| next.after(&planned));
            planned.push(next.map_err(|why| format!("{which} step `{}`: {why}", step.name))?);
        }
        Ok(planned)
    }

    /// Parses the step of `health`, which must name what only an answer to the right credentials has: a log-in page and a
    /// gateway answer 200, too.
    pub(super) fn health(&self, step: &Step) -> Result<Planned, String> {
        let planned = self.step(step, &mut Vec::new())?;
        if !planned.reads || !planned.kinds.is_empty() {
            return Err("the step must only read and use no identifiers".to_owned());
        }
        if planned.returns.is_some() {
            return Err(NOT_TOLD.to_owned());
        }
        if planned.results.items.is_none() || planned.lookup || step.matches.is_some() {
            return Err("a status alone is also a log-in page's: set `items` to what only an answer to the right credentials has, \
                        such as `$.account_id`, or the list `$.results[*]`, which may be empty; without `match` and `lookup`"
                .to_owned());
        }
        Ok(planned)
    }

    /// Parses a step; its own lists are added to `lists` for the steps after it.
    pub(super) fn step(&self, step: &Step, lists: &mut Vec<String>) -> Result<Planned, String> {
        plain(&step.name).map_err(|why| format!("name: {why}"))?;
        if let Some(list) = step.for_each.iter().chain(&step.when).find(|list| !lists.contains(list)) {
            return Err(format!("`{list}` is no list of an earlier step; those are: {}", lists.join(", ")));
        }
        let method = step.method.parse().ok().filter(|_| step.method.bytes().all(|b| b.is_ascii_uppercase()));
        let method: Method = method.ok_or_else(|| format!("method `{}` is not one", step.method))?;
        if step.reads && [Method::PUT, Method::PATCH, Method::DELETE].contains(&method) {
            return Err(format!("{method} always changes something, so it cannot have `reads = true`"));
        }
        let template = |text: &str, place| Template::parse(text, &self.known(step, lists, place));

        let headers = self.config.headers.iter().chain(&step.headers).map(|(name, value)| {
            let name =
                HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !HEADERS_REFUSED.contains(&name.as_str()));
            Ok((name.ok_or("headers: a name that is not allowed")?, template(value, Place::Text)?))
        });
        let headers = headers.collect::<Result<Vec<_>, String>>()?;
        let query = pairs(&step.query, |text| template(text, Place::Text))?;
        let body = match &step.body {
            None => PlannedBody::None,
            Some(Body::Json(json)) => PlannedBody::Json(json_template(json, &|text| template(text, Place::Json))?),
            Some(Body::Form(form)) => PlannedBody::Form(pairs(form, |text| template(text, Place::Text))?),
        };
        let results = Results::parse(step, |text| template(text, Place::Match))?;
        let mut planned = Planned {
            path: segments(&step.url, |text| template(text, Place::Path))?,
            paging: step.paging.as_ref().map(|paging| PlannedPaging::parse(paging, step)).transpose()?,
            reads: step.reads || method == Method::GET || method == Method::HEAD,
            personal: false,
            is_searched_for: false,
            judges_candidates: false,
            asks_for_value: false,
            roots: BTreeSet::new(),
            must_be_whole: false,
            name: step.name.clone(),
            shown: format!("{method} {}", step.url),
            method,
            headers,
            query,
            body,
            for_each: step.for_each.clone(),
            when: step.when.clone(),
            completes: step.completes.clone(),
            lookup: step.lookup,
            kinds: Vec::new(),
            results,
            status: statuses(&step.status)?,
            count: step.count.clone().unwrap_or_else(|| step.name.clone()),
            returns: Returns::parse(step)?,
        };
        plain(&planned.count).map_err(|why| format!("count: {why}"))?;
        planned.kinds = planned.used_kinds();
        if planned.for_each.is_some() && !planned.aims().into_iter().any(|name| *name == Name::Item) {
            return Err("`for_each` without `{{item}}` in the path, the query or the body".into());
        }
        let extracts = planned.results.items.is_some() || !planned.results.extract.is_empty();
        if planned.paging.is_some() && !extracts {
            return Err("`paging` needs `items` or `extract`: nothing would be taken from the pages".into());
        }
        if planned.reads_body() && !planned.status.absent.is_empty() {
            return Err(
                "status: `absent` does not go with `items`, `extract` or `paging`: a search says that nobody is there \
                        by an empty list, and by nothing else"
                    .into(),
            );
        }
        if !planned.reads && extracts {
            return Err("takes results from an answer, so it looks, and a step that looks changes nothing; \
                        is it a search by POST (`reads = true`)?"
                .into());
        }
        lists.extend(planned.results.extract.iter().map(|(list, _)| list.clone()));
        Ok(planned)
    }

    fn known<'a>(&'a self, step: &Step, lists: &'a [String], place: Place) -> Known<'a> {
        Known { kinds: &self.kinds, lists, secrets: self.secrets, place, item: step.for_each.is_some() }
    }
}

impl Planned {
    /// Ties the step to those before it, and refuses one that erases no matter whom.
    fn after(mut self, earlier: &[Self]) -> Result<Self, String> {
        let whole = self.whole_lists();
        let step_of = |list: &str| {
            let (name, _) = list.split_once('.')?;
            earlier.iter().find(|step| step.name == name)
        };
        let sources: Vec<_> = self.for_each.as_deref().into_iter().chain(whole).filter_map(step_of).collect();
        self.is_searched_for = sources.iter().any(|step| step.personal);
        self.judges_candidates = sources.iter().any(|step| step.results.judged_later);
        self.asks_for_value = self.aims().into_iter().any(|name| matches!(name, Name::Kind(_)));
        let depends = self.is_searched_for || self.asks_for_value;
        // A condition says whether, and not whom: a step that depends on nothing else would erase no matter whom.
        let conditions = self.when.as_deref().and_then(step_of);
        let roots = sources.into_iter().chain(conditions);
        self.roots = roots.flat_map(|step| step.roots.iter().chain([&step.name])).cloned().collect();
        if !self.reads && !depends {
            return Err("it erases, but nothing in its path, query or body depends on an identifier".into());
        }
        self.personal = depends || !self.kinds.is_empty();
        if self.personal && self.reads_body() {
            self.results.check_judged()?;
        }
        if self.results.trusts_search && !(self.reads_body() && depends) {
            return Err("`match = \"trust_search\"` is for a search that asks for the person and takes results".into());
        }
        Ok(self)
    }

    /// Names that say whom the request is about. A header does not: a system that does not know it passes over it.
    fn aims(&self) -> Vec<&Name> {
        self.body_templates()
            .into_iter()
            .chain(&self.path)
            .chain(self.query.iter().map(|(_, template)| template))
            .flat_map(Template::names)
            .collect()
    }

    /// Identifier kinds in all templates, each once.
    fn used_kinds(&self) -> Vec<String> {
        let others = self.headers.iter().map(|(_, template)| template);
        let others = others.chain(self.results.matches.iter().map(|matches| &matches.equals));
        let kinds = self.aims().into_iter().chain(others.flat_map(Template::names)).filter_map(|name| match name {
            Name::Kind(kind) => Some(kind.clone()),
            _ => None,
        });
        kinds.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What a step that looks asks by, for the receipt: kinds of identifiers, or what another step has found.
    pub(crate) fn asks_by(&self) -> String {
        let mut by = self.kinds.clone();
        let lists = self.for_each.as_deref().into_iter().chain(self.whole_lists());
        by.extend(lists.map(|list| format!("`{list}`")));
        by.join(", ")
    }

    /// Whether an answer's body says more than its status.
    pub(crate) fn reads_body(&self) -> bool {
        self.results.items.is_some() || !self.results.extract.is_empty() || self.paging.is_some()
    }

    /// The whole lists that the body carries.
    pub(crate) fn whole_lists(&self) -> Vec<&str> {
        let names = self.body_templates().into_iter().flat_map(Template::names);
        let lists = names.filter_map(|name| match name {
            Name::List(list) => Some(list.as_str()),
            _ => None,
        });
        lists.collect()
    }

    fn body_templates(&self) -> Vec<&Template> {
        let mut templates = Vec::new();
        match &self.body {
            PlannedBody::None => {}
            PlannedBody::Json(json) => json.templates(&mut templates),
            PlannedBody::Form(form) => templates.extend(form.iter().map(|(_, template)| template)),
        }
        templates
    }
}
