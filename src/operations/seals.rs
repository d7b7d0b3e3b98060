//! Generations of the seal key: made, followed by the next one, and destroyed once nothing is sealed under them. What may be
//! destroyed is decided in the ledger (`ledger/generation`): a generation is closed there, for every process, before anybody looks
//! whether anything is left under it. Each step can be the last one of a process; the next look goes on.

use std::time::Duration;

use jiff::SignedDuration;
use tracing::info;
use zeroize::Zeroizing;

use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::key_files::{Keys, KeysError, Rotated, SealStore, SealStoreError};
use crate::keys::{KeyId, NoSealKey, SealKey, fill_random};
use crate::ledger::{GenerationState, Ledger, LedgerError, QuarantineId, SealGeneration, sealing};
use crate::request;
use crate::verify::resealed;

/// How long a generation seals. The next one comes at the look after that, so within a day.
const SEALS_FOR: SignedDuration = SignedDuration::from_hours(23);

/// How long the making of one may take. Whoever is slower finds it given up, and makes another.
const MADE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What it takes to make and destroy generations.
#[derive(Clone, Copy)]
pub(crate) struct Seals<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) keys: &'a Keys,
    pub(crate) store: &'a SealStore,
}

/// What a look has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tended {
    pub(crate) made: Option<Rotated>,
    /// Nothing that was sealed under these opens any more, in no copy of the ledger.
    pub(crate) destroyed: Vec<KeyId>,
}

/// For how long this process has seen a generation seal, by a clock that nobody sets.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: KeyId,
    pub(crate) time: Duration,
}

/// The first of the errors of a look: it goes on behind each of them.
#[derive(Default)]
struct Failed(Option<OperationError>);

impl Failed {
    fn done<T>(&mut self, result: Result<T, OperationError>) -> Option<T> {
        result.map_err(|error| self.0.get_or_insert(error)).ok()
    }
}

impl Operations {
    /// What seals, and opens what is sealed.
    pub(super) async fn seal_key(&self, keys: &Keys) -> Result<SealKey, OperationError> {
        self.seals(keys).open().await
    }

    pub(super) fn seals<'a>(&'a self, keys: &'a Keys) -> Seals<'a> {
        Seals { ledger: &*self.ledger, keys, store: &self.resources.seals }
    }
}

impl Seals<'_> {
    /// What seals under the generation that is open; the first one is made.
    pub(crate) async fn open(self) -> Result<SealKey, OperationError> {
        let generations = self.ledger.seal_generations().await?;
        let open = generations.iter().find(|one| one.state == GenerationState::Open);
        let id = match open {
            Some(open) if open.in_use || self.store.get(&open.id)?.is_some() => open.id.clone(),
            // Machines that do not share the keys would otherwise close one another's, again and again.
            Some(open) if self.others_work().await? => open.id.clone(),
            // In an older copy of the ledger the open one may long be destroyed; nothing that is left is sealed under it.
            replaced => {
                // Where the others are missing as well, the folder is away, and all of it comes back.
                for needed in generations.iter().filter(|one| one.is_needed()) {
                    self.must_be_there(&needed.id)?;
                }
                self.make(replaced.map(|one| &one.id)).await?
            }
        };
        self.keys.sealing(&id, self.store).map_err(|none| self.missing(none).into())
    }

    /// Refuses to go on where something could not be opened that is not over.
    pub(crate) async fn must_open(self, seal: &SealKey) -> Result<(), OperationError> {
        for generation in self.ledger.seal_generations().await? {
            if generation.is_needed() {
                seal.must_have(&generation.id).map_err(|none| self.missing(none))?;
            }
        }
        Ok(())
    }

    /// Makes a generation, which seals from now on in the place of the one that is open, if that is still the one `replaced`; else
    /// returns which one is. The ledger knows of it before there is a key, and it seals only once the key is on the disk.
    async fn make(self, replaced: Option<&KeyId>) -> Result<KeyId, OperationError> {
        if replaced.is_none() {
            // Later on, a folder that is missing is one that went away.
            self.store.make_place()?;
        }
        let mut secret = Zeroizing::new([0; 32]);
        fill_random(&mut secret[..]);
        let (id, _) = self.keys.seal.generation(&secret);
        self.ledger.begin_seal_generation(&id).await?;
        if let Err(error) = self.write(&id, &secret) {
            self.give_up(&id).await?;
            return Err(error);
        }
        if self.ledger.open_seal_generation(&id, replaced).await? {
            return Ok(id);
        }
        // It has sealed nothing. Where others have given it up, and the ledger has forgotten it as well, nobody else destroys it.
        self.give_up(&id).await?;
        let all = self.ledger.seal_generations().await?;
        if all.iter().all(|generation| generation.id != id) {
            self.store.destroy(&id)?;
        }
        match all.into_iter().find(|generation| generation.state == GenerationState::Open) {
            Some(open) if Some(&open.id) != replaced => Ok(open.id),
            _ => {
                let slow = anyhow::anyhow!("making the seal key {id} took too long; try it again");
                Err(OperationError::Unavailable(slow))
            }
        }
    }

    /// Has the secret of a new generation kept, and sees that it is.
    fn write(self, id: &KeyId, secret: &Zeroizing<[u8; 32]>) -> Result<(), OperationError> {
        self.store.put(id, secret)?;
        match self.store.get(id)? {
            Some(read) if read == *secret => Ok(()),
            _ => Err(away(id, "it was written, and what is read is not what was written".to_owned()).into()),
        }
    }

    async fn give_up(self, id: &KeyId) -> Result<(), OperationError> {
        let (from, to) = (GenerationState::New, GenerationState::Closed);
        self.ledger.move_seal_generation(id, from, to).await?;
        Ok(())
    }

    /// Refuses a store in which a generation is not that must be there: it is away, or another one, and what it does not have was
    /// not destroyed.
    fn must_be_there(self, id: &KeyId) -> Result<(), KeysError> {
        let shown = self.store.shown(id);
        match self.store.get(id) {
            Ok(Some(secret)) if self.keys.seal.generation(&secret).0 == *id => Ok(()),
            Ok(Some(_)) => Err(away(id, format!("{shown} is another one"))),
            Ok(None) => Err(away(id, format!("{shown} is not there; is what is mounted there away?"))),
            Err(error) => Err(away(id, error.to_string())),
        }
    }

    /// Has the next generation follow, if it is time, and destroys those that nothing needs. What fails stops none of the rest, unless
    /// the store is away.
    pub(crate) async fn tend(self, seal: &SealKey, held: Option<Held>) -> Result<Tended, OperationError> {
        let (mut tended, mut failed) = (Tended::default(), Failed::default());
        let Some(present) = self.present(seal).await? else { return Ok(tended) };
        if is_over(&present, held) {
            tended.made = failed.done(self.next(seal, present.id).await);
        }
        // Anew: the one that was followed is closed from now on.
        for generation in self.ledger.seal_generations().await? {
            match generation.state {
                GenerationState::New if is_given_up(&generation) => {
                    failed.done(self.give_up(&generation.id).await);
                }
                GenerationState::Closed if generation.in_use => {
                    failed.done(self.reseal(seal, &generation.id).await);
                    failed.done(self.reseal_requests(seal, &generation.id).await);
                }
                _ => {}
            }
        }
        // Anew: only of one that was closed before this look is it known that nothing comes to it any more.
        let all = self.ledger.seal_generations().await?;
        let open = all.iter().find(|generation| generation.state == GenerationState::Open).map(|open| open.id.clone());
        let mut left = Vec::new();
        for generation in all {
            let is_closed = matches!(generation.state, GenerationState::Closed | GenerationState::Lost);
            if let Some(open) = open.as_ref().filter(|_| is_closed && !generation.in_use)
                && failed.done(self.destroy(&generation.id, open).await).is_some()
            {
                tended.destroyed.push(generation.id);
            } else {
                left.push(generation.id);
            }
        }
        seal.keep_only(&left);
        failed.0.map_or(Ok(tended), Err)
    }

    /// Makes the generation that follows one, and seals under it.
    pub(crate) async fn next(self, seal: &SealKey, from: KeyId) -> Result<Rotated, OperationError> {
        let to = self.make(Some(&from)).await?;
        seal.turn_to(&to).map_err(|none| self.missing(none))?;
        info!(from = %from, to = %to, "another seal key seals from now on");
        Ok(Rotated { from, to })
    }

    /// Accepts that keys are gone: an older copy of the ledger needs what was destroyed since. What is sealed under them needs a
    /// person. Nobody may work on the ledger meanwhile. Where none of the ledger's keys is there, it is `all_gone` that says so.
    async fn accept_gone(self, all_gone: bool) -> Result<Vec<KeyId>, OperationError> {
        let missing = missing(self.ledger.seal_generations().await?, self.store, all_gone)?;
        if !missing.is_empty() && all_gone {
            self.store.make_place()?;
        }
        let mut gone = Vec::new();
        for generation in missing {
            if generation.state == GenerationState::Open {
                self.make(Some(&generation.id)).await?;
            }
            let (from, to) = (GenerationState::Closed, GenerationState::Lost);
            if self.ledger.move_seal_generation(&generation.id, from, to).await? {
                gone.push(generation.id);
            }
        }
        Ok(gone)
    }

    /// The same, and writes down which, with the act that has accepted it.
    pub(crate) async fn accept_and_note(
        self,
        all_gone: bool,
        act: Act,
        by: &Actor,
    ) -> Result<Vec<KeyId>, OperationError> {
        let gone = self.accept_gone(all_gone).await?;
        if !gone.is_empty() {
            let ids: Vec<_> = gone.iter().map(KeyId::as_str).collect();
            let entry = AuditEntry::new(by, act, Object::keys(), ActResult::Done);
            self.ledger.note(entry.with_word("seal_keys_gone", ids.join(" "))).await?;
        }
        Ok(gone)
    }

    async fn others_work(self) -> Result<bool, OperationError> {
        Ok(self.ledger.processes().await?.iter().any(|process| !process.is_lost()))
    }

    /// The generation that seals, also where another process has made it. Its key is in the store, and not only in memory.
    async fn present(self, seal: &SealKey) -> Result<Option<SealGeneration>, OperationError> {
        let mut all = self.ledger.seal_generations().await?.into_iter();
        let open = all.find(|generation| generation.state == GenerationState::Open);
        if let Some(open) = &open {
            self.must_be_there(&open.id)?;
            seal.turn_to(&open.id).map_err(|none| self.missing(none))?;
        }
        Ok(open)
    }

    /// Seals what is in quarantine under a closed generation anew: it may stay there for years.
    async fn reseal(self, seal: &SealKey, under: &KeyId) -> Result<(), OperationError> {
        let (mut after, mut damaged) = (QuarantineId(0), None);
        while let Some((id, item)) = self.ledger.quarantined_under(under, after).await? {
            after = id;
            // Once before: what does not open is not made to open by another key.
            if let Err(error) = resealed(&item.source, &item.sealed, seal) {
                damaged.get_or_insert_with(|| {
                    let id = id.0;
                    anyhow::anyhow!(
                        "delivery {id} in quarantine keeps an old seal key, as it cannot be sealed anew: {error}"
                    )
                });
                continue;
            }
            let anew = || async {
                let anew =
                    resealed(&item.source, &item.sealed, seal).map_err(|error| LedgerError::Busy(error.into()))?;
                self.ledger.reseal_quarantined(id, &item.sealed, &anew).await
            };
            sealing(seal, anew).await?;
        }
        damaged.map_or(Ok(()), |damaged| Err(OperationError::Failed(damaged)))
    }

    /// The same of requests: one that waits for an answer, or was extended, is open for months.
    async fn reseal_requests(self, seal: &SealKey, under: &KeyId) -> Result<(), OperationError> {
        let (mut after, mut damaged) = (0, None);
        while let Some(stored) = self.ledger.request_under(under, after).await? {
            after = stored.sequence;
            let id = stored.request.id;
            // It may have ended at this moment.
            let Some(before) = self.ledger.request_capsule(id).await? else { continue };
            let whom = match request::open(&before, id, seal) {
                Ok(whom) => whom,
                // What does not open is not made to open by another key.
                Err(error) => {
                    let number = &stored.request.number;
                    damaged.get_or_insert_with(|| {
                        anyhow::anyhow!("request {number} keeps an old seal key, as it cannot be sealed anew: {error}")
                    });
                    continue;
                }
            };
            let anew = || async { self.ledger.reseal_request(id, &before, &request::seal(&whom, id, seal)).await };
            sealing(seal, anew).await?;
        }
        damaged.map_or(Ok(()), |damaged| Err(OperationError::Failed(damaged)))
    }

    /// The key first: where this is interrupted, the ledger still knows of it. A store that does not have it any more is believed only
    /// where it has the one that is open.
    async fn destroy(self, id: &KeyId, open: &KeyId) -> Result<(), OperationError> {
        self.store.destroy(id)?;
        self.must_be_there(open)?;
        if self.store.get(id)?.is_some() {
            return Err(away(id, format!("{} was destroyed, and is still there", self.store.shown(id))).into());
        }
        self.ledger.forget_seal_generation(id).await?;
        info!(id = %id, "a seal key is gone: nothing is sealed under it any more");
        Ok(())
    }

    fn missing(self, none: NoSealKey) -> KeysError {
        match none {
            NoSealKey::Gone(id) => KeysError::SealMissing { place: self.store.shown(&id), id },
            NoSealKey::Away { id, why } => KeysError::SealUnreadable { id, why },
        }
    }
}

/// Those of a ledger's generations whose keys are not in the store, and have to be. A store that has none of the ledger's keys may be
/// away, or another ledger's: that all of them are gone, only a person can say.
pub(crate) fn missing(
    generations: Vec<SealGeneration>,
    store: &SealStore,
    all_gone: bool,
) -> Result<Vec<SealGeneration>, OperationError> {
    let (mut missing, mut is_ours) = (Vec::new(), false);
    for generation in generations {
        match store.get(&generation.id)? {
            Some(_) => is_ours = true,
            None if generation.is_needed() => missing.push(generation),
            None => {}
        }
    }
    if !missing.is_empty() && !is_ours && !all_gone {
        return Err(KeysError::NoSeals(store.place()).into());
    }
    Ok(missing)
}

/// Whether another one is to follow: by the ledger's clock, also where that was put back, or by our own.
fn is_over(generation: &SealGeneration, held: Option<Held>) -> bool {
    let held = held.is_some_and(|held| held.id == generation.id && held.time >= SEALS_FOR.unsigned_abs());
    generation.age.is_negative() || generation.age >= SEALS_FOR || held
}

fn away(id: &KeyId, why: String) -> KeysError {
    KeysError::SealUnreadable { id: id.clone(), why }
}

/// Whether whoever makes it has died. Where that is not so, it cannot be opened any more, and has sealed nothing.
fn is_given_up(generation: &SealGeneration) -> bool {
    generation.age.is_negative() || generation.age >= MADE_WITHIN
}

impl From<SealStoreError> for OperationError {
    fn from(error: SealStoreError) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests;
