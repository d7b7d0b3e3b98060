//! files: deletes or overwrites a person's files and objects. Templates of their names enter (README.md describes them);
//! names that hold a person's identifiers are looked for in folders of this machine and in S3 buckets, and what is there
//! goes. Knows neither what is in the files nor who wrote them.

mod config;
mod local;
mod outcome;
mod place;
mod s3;
mod template;
mod told;

use std::time::Duration;

use quietus_plugin::{ANY, Answer, Call, Manifest, Plugin, PluginError, Progress, Request, Secrets, export_plugin};

use config::Config;
use outcome::Tally;
use place::{Job, Place};
use template::{Name, Template};

/// The plugin: its places.
pub struct Files {
    sites: Vec<Site>,
}

/// A place, and how a person's files are named there.
struct Site {
    name: String,
    template: Template,
    place: Box<dyn Place>,
}

impl Plugin for Files {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::new("files", env!("CARGO_PKG_VERSION"))
            .accepts(ANY)
            .accepts_secret(ANY)
            .writes("/place/*/local/root")
            .port_from("/place/*/s3/endpoint")
            .reads("/place/*/s3/ca_file")
            .dry_run()
            .resumes()
            .call_max(Duration::from_secs(240))
            .concurrency(4)
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        let sites = sites(config, &secrets).map_err(PluginError::needs_operator)?;
        Ok(Self { sites })
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let Some(writes) = request.writes() else { return self.would_go(request, call) };
        let mut progress = Progress::of(call);
        let tally = self.each(request, call, |site, names, tally| {
            let mut job = Job { call, writes, place: &site.name, progress: &mut progress };
            tally.left(&site.name, site.place.erase(names, &mut job)?);
            Ok(())
        });
        // Only then: where a place has failed, what is unsure may still be there, and would be counted as erased.
        if tally.all_went_well() {
            progress.settle();
        }
        // Also after success: the answer may not reach the host, which then asks again.
        let stored = progress.store(call);
        let answer = tally.erased(progress.counts())?;
        stored.map(|()| answer)
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let tally = self.each(request, call, |site, names, tally| {
            tally.saw(&site.name, site.place.look(names, call)?);
            Ok(())
        });
        tally.seen_again()
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let mut tally = Tally::default();
        for site in &self.sites {
            if let Err(error) = site.place.health(call) {
                tally.failed(&site.name, error);
            }
        }
        tally.healthy()
    }
}

impl Files {
    fn would_go(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let tally = self.each(request, call, |site, names, tally| {
            let mut sight = site.place.look(names, call)?;
            // What the erasure would fail on fails the dry run, too: it would otherwise promise what is then refused.
            if let Some(obstacle) = sight.obstacle.take() {
                return Err(obstacle);
            }
            tally.saw(&site.name, sight);
            Ok(())
        });
        tally.would_go()
    }

    /// Goes through all places; one that fails does not keep the others from being done.
    fn each(
        &self,
        request: &Request,
        call: &Call,
        mut act: impl FnMut(&Site, &[Name], &mut Tally) -> Result<(), PluginError>,
    ) -> Tally {
        let mut tally = Tally::default();
        for site in &self.sites {
            let kinds = site.template.kinds().into_iter().collect::<Vec<_>>().join(", ");
            let done = call.check().and_then(|()| site.template.fill(request)).and_then(|filled| {
                tally.named(&site.name, &kinds, &filled);
                if filled.names.is_empty() {
                    return Ok(());
                }
                act(site, &filled.names, &mut tally)?;
                tally.looked_at(site.place.told(&site.name, &kinds));
                Ok(())
            });
            if let Err(error) = done {
                tally.failed(&site.name, error);
            }
        }
        tally
    }
}

fn sites(config: Config, secrets: &Secrets) -> Result<Vec<Site>, String> {
    if config.place.is_empty() {
        return Err("place: there is none".into());
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let mut sites: Vec<Site> = Vec::new();
    for (at, place) in config.place.into_iter().enumerate() {
        let name = place.name;
        if !(1..=40).contains(&name.len()) || !name.chars().all(plain) {
            return Err(format!("place[{at}].name: allowed are 1 to 40 of a-z, 0-9, `_` and `-`"));
        }
        if sites.iter().any(|site| site.name == name) {
            return Err(format!("place[{at}].name: two places are named `{name}`"));
        }
        let made = match (place.local, place.s3) {
            (Some(local), None) => local::make(local, &config.kinds).map_err(|why| format!("local.{why}")),
            (None, Some(s3)) => s3::make(s3, &config.kinds, secrets).map_err(|why| format!("s3.{why}")),
            _ => Err("a place is either `local` or `s3`".into()),
        };
        let (template, place) = made.map_err(|why| format!("place `{name}`: {why}"))?;
        sites.push(Site { name, template, place });
    }
    Ok(sites)
}

export_plugin!(Files);

#[cfg(test)]
mod tests;
