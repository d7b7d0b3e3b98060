//! One delivery: read, verify, decode, record, answer. The answer follows the commit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::Request;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::{debug, error, warn};

use super::astray::Astray;
use super::body::{NoBody, pass_over, read};
use super::client::{Peer, client};
use super::connection::Excess;
use super::counts::Counts;
use super::known::Seat;
use super::log_rate_limit::LogRateLimit;
use super::metrics::Deliveries;
use super::one_client::OneClient;
use super::reaction::Reaction;
use super::receiving::ReceivingState;
use super::settings::ServerSettings;
use super::strangers::Client;
use super::unproved::Unproved;
use crate::attention::RefusedOf;
use crate::event::{Decoded, Event, Sender, decode};
use crate::ledger::{LedgerError, PutAside, QUARANTINED_BYTES_MAX, QUARANTINED_MAX, Quarantined, Recorded, sealing};
use crate::subject::TenantId;
use crate::verify::{self, Expected, Network, Refused, Source, Verified, verify};

/// How long a delivery waits for its turn where `requests_max` are under way. In that time some thousands are taken; whoever has to wait
/// for longer is asked to come again, instead of making all others wait.
const TURN_MAX: Duration = Duration::from_millis(250);

/// What takes deliveries by one configuration.
pub(crate) struct Receiver {
    endpoints: HashMap<Arc<str>, SourceEndpoint>,
    state: Arc<ReceivingState>,
    trusted_proxies: Vec<Network>,
    body_bytes_max: usize,
    body_read_max: Duration,
    record_max: Duration,
    /// For failures of the ledger.
    failures: LogRateLimit,
    /// What came to no source.
    astray: Astray,
    /// Whose requests they are.
    clients: Arc<OneClient>,
}

/// A source, and what is counted of its deliveries.
pub(super) struct SourceEndpoint {
    source: Source,
    /// Those whose sender is known: strangers take nothing from anybody.
    requests: Semaphore,
    deliveries: Deliveries,
    refusals: LogRateLimit,
    /// Since it was written last.
    refused: Arc<AtomicU64>,
    /// What was taken since that was written last.
    delivered: Arc<AtomicU64>,
}

impl Receiver {
    /// One that takes the place of any other of this state. What they have begun, they end.
    pub(crate) fn new(state: &Arc<ReceivingState>, sources: Vec<Source>, settings: &ServerSettings) -> Self {
        // Of all together, also of those that others still read.
        state.unverified.resize(settings.unverified_bytes_max);
        let astray = Astray::new(sources.iter().map(|source| source.name().clone()), &state.counts);
        let endpoint = |source| SourceEndpoint::new(source, &state.counts, settings.requests_max);
        let endpoints = sources.into_iter().map(|source| (Arc::clone(&source.name().0), endpoint(source)));
        Self {
            endpoints: endpoints.collect(),
            state: Arc::clone(state),
            trusted_proxies: settings.trusted_proxies.clone(),
            body_bytes_max: settings.body_bytes_max,
            body_read_max: settings.body_read_max.0,
            record_max: settings.record_max.0,
            failures: LogRateLimit::new(),
            astray,
            clients: state.clients.through(&settings.trusted_proxies),
        }
    }

    /// The named source's endpoint.
    pub(super) fn endpoint(&self, source: &str) -> Option<&SourceEndpoint> {
        self.endpoints.get(source)
    }

    /// Counts a delivery to the path of no source.
    pub(super) fn astray(&self, path: &str) {
        self.astray.count(path);
    }

    /// Receives one delivery.
    pub(super) async fn deliver(&self, endpoint: &SourceEndpoint, request: Request) -> Reaction {
        let start = Instant::now();
        let reaction = self.receive(endpoint, request).await;
        endpoint.deliveries.count(reaction, start.elapsed());
        if reaction.is_taken() {
            endpoint.delivered.fetch_add(1, Ordering::Relaxed);
        }
        debug!(source = %endpoint.source.name(), result = reaction.as_str(), "answered a delivery");
        reaction
    }

    async fn receive(&self, endpoint: &SourceEndpoint, request: Request) -> Reaction {
        let (parts, body) = request.into_parts();
        if parts.extensions.get::<Excess>().is_some() {
            return Reaction::Overloaded;
        }
        let peer = parts.extensions.get::<Peer>();
        let head = verify::Request {
            headers: &parts.headers,
            query: parts.uri.query(),
            body: &[],
            client: peer.and_then(|peer| client(*peer, &parts.headers, &self.trusted_proxies)),
        };
        head.client.inspect(|client| self.clients.see(Client::of(*client)));
        let seat = parts.extensions.get::<Arc<Seat>>();
        let enter = |size| {
            let place = self.state.unverified.enter(head.client.map(Client::of), size);
            Some(Unproved::new(Some(place), seat.cloned()))
        };
        // What a stranger sends is not even read.
        let expected = match verify::expect(&endpoint.source, &head, Timestamp::now()) {
            Ok(expected) => expected,
            Err(refused) => {
                pass_over(body, self.body_read_max, enter).await;
                return endpoint.refuse_for(refused);
            }
        };
        let known = || seat.map_or((), |seat| seat.known_to(&endpoint.source.name().0));
        if expected == Expected::Known {
            known();
        }
        let enter = |size| if expected == Expected::Later { enter(size) } else { None };
        let body = match read(body, self.body_bytes_max, self.body_read_max, enter).await {
            Ok(body) => body,
            Err(none) => return endpoint.refuse_unread(none),
        };
        // By the time of now: while the body was read, what is signed may have become too old.
        match verify(&endpoint.source, &verify::Request { body: &body, ..head }, Timestamp::now()) {
            Ok(verified) => {
                known();
                self.in_turn(endpoint, &verified).await
            }
            Err(refused) => endpoint.refuse_for(refused),
        }
    }

    async fn in_turn(&self, endpoint: &SourceEndpoint, verified: &Verified<'_>) -> Reaction {
        match timeout(TURN_MAX, endpoint.requests.acquire()).await {
            Ok(Ok(_in_flight)) => self.keep(endpoint, verified).await,
            Ok(Err(_)) | Err(_) => Reaction::Overloaded,
        }
    }

    async fn keep(&self, endpoint: &SourceEndpoint, verified: &Verified<'_>) -> Reaction {
        let source = endpoint.source.name();
        let sender =
            Sender { source, installation: endpoint.source.installation(), tenants: endpoint.source.tenants() };
        match decode(verified, sender, &self.state.index) {
            // Sealed before it leaves this process: the ledger never holds a form in the clear.
            Decoded::Event(event) => match self.record(&event).await {
                Ok(Recorded::New) => Reaction::Recorded,
                Ok(Recorded::Duplicate) => Reaction::Duplicate,
                Ok(Recorded::Refused) => self.quarantine(endpoint, verified, "refused by the ledger").await,
                Err(reaction) => reaction,
            },
            Decoded::Ignored => Reaction::Ignored,
            Decoded::ForeignTenant(TenantId(tenant)) => {
                // A webhook delivers the events of all tenants of a company, and refusals would make mluvii delete it.
                debug!(source = %source, tenant, "a delivery is of a tenant that its source does not list");
                Reaction::ForeignTenant
            }
            Decoded::Unreadable(reason) => self.quarantine(endpoint, verified, reason).await,
        }
    }

    async fn record(&self, event: &Event) -> Result<Recorded, Reaction> {
        let ReceivingState { ledger, seal, .. } = &*self.state;
        let record = || ledger.record(event.seal(seal));
        match event.form {
            Some(_) => self.commit(sealing(seal, record)).await,
            None => self.commit(record()).await,
        }
    }

    /// A body that was verified and cannot be read, or recorded, is kept, sealed, until a person has looked: acknowledged and
    /// dropped, a duty to erase could be lost with it.
    async fn quarantine(&self, endpoint: &SourceEndpoint, verified: &Verified<'_>, reason: &'static str) -> Reaction {
        let source = endpoint.source.name();
        let ReceivingState { ledger, index, seal, .. } = &*self.state;
        let item = || Quarantined {
            source: source.clone(),
            digest: index.body(verified.body()),
            reason: reason.to_owned(),
            sealed: verified.seal(source, seal),
        };
        match self.commit(sealing(seal, || ledger.quarantine(item()))).await {
            Ok(PutAside::New) => {
                warn!(source = %source, reason, "put a delivery into quarantine");
                Reaction::Quarantined
            }
            Ok(PutAside::Duplicate) => Reaction::Quarantined,
            Ok(PutAside::Full) => endpoint.full(),
            Err(reaction) => reaction,
        }
    }

    /// Waits for the ledger, but not for ever. What it still commits after that is found as a duplicate later.
    async fn commit<T>(&self, work: impl Future<Output = Result<T, LedgerError>>) -> Result<T, Reaction> {
        let failed = match timeout(self.record_max, work).await {
            Ok(Ok(recorded)) => return Ok(recorded),
            Ok(Err(failed)) => failed,
            Err(slow) => LedgerError::Busy(slow.into()),
        };
        let reaction = match failed {
            LedgerError::Busy(_) => Reaction::Busy,
            LedgerError::Broken(_) => Reaction::LedgerBroken,
            LedgerError::Damaged(_) => Reaction::LedgerDamaged,
        };
        // A damage is logged by the ledger, once.
        if !failed.is_damage() && self.failures.passes() {
            let chain = anyhow::Error::new(failed);
            error!(error = format!("{chain:#}"), "could not record a delivery; further ones are counted, not logged");
        }
        Err(reaction)
    }
}

impl SourceEndpoint {
    fn new(source: Source, counts: &Counts, requests_max: usize) -> Self {
        let name = source.name();
        Self {
            requests: Semaphore::new(requests_max.min(Semaphore::MAX_PERMITS)),
            deliveries: Deliveries::of(name),
            refusals: LogRateLimit::new(),
            refused: counts.refused(RefusedOf::Source(name.clone())),
            delivered: counts.delivered(name.clone()),
            source,
        }
    }

    fn refuse_for(&self, refused: Refused) -> Reaction {
        match refused {
            Refused::Unauthenticated(reason) => self.refuse(Reaction::Unauthenticated, reason),
            Refused::NetworkNotAllowed => self.refuse(Reaction::NetworkNotAllowed, "network"),
        }
    }

    /// A delivery that nobody has read may have been an event that somebody counts on; one that made way for others comes again.
    fn refuse_unread(&self, none: NoBody) -> Reaction {
        let reaction = none.into();
        if none == NoBody::Displaced { reaction } else { self.refuse(reaction, reaction.as_str()) }
    }

    /// A request that names no host, or two.
    pub(super) fn refuse_host(&self) -> Reaction {
        self.refuse(Reaction::Broken, "host")
    }

    /// A request that is no POST: a sender that is set up wrongly, or a browser.
    pub(super) fn refuse_method(&self) -> Reaction {
        self.refuse(Reaction::OtherMethod, "method")
    }

    fn refuse(&self, reaction: Reaction, reason: &'static str) -> Reaction {
        self.deliveries.refused(reason);
        self.refused.fetch_add(1, Ordering::Relaxed);
        if self.refusals.passes() {
            warn!(source = %self.source.name(), reason, "refused a delivery; further ones are counted, not logged");
        }
        reaction
    }

    /// Not acknowledged, so that it comes again or is at least missed by its sender.
    fn full(&self) -> Reaction {
        if self.refusals.passes() {
            error!(
                source = %self.source.name(),
                deliveries_max = QUARANTINED_MAX,
                bytes_max = QUARANTINED_BYTES_MAX,
                "the source's quarantine is full, and what cannot be read is refused; see `quietus quarantine list`"
            );
        }
        Reaction::QuarantineFull
    }
}
