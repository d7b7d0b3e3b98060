//! Who is made to wait before the next try to sign in. Counted is what failed of an account *from an address*, so that nobody locks
//! others out; and an address from which an account has signed in before is never made to wait for what others did. Kept in the memory
//! of one process: no address is written anywhere.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::name::AccountName;

/// In which time failures are counted, and for how long somebody waits who has had too many.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failures of one account from one address.
const OF_PAIR_MAX: usize = 5;

/// Failures from one address, of whichever accounts.
const OF_ADDRESS_MAX: usize = 50;

/// Failures from one network that somebody may have all of, of whichever accounts: a /24 of IPv4, a /48 of IPv6.
const OF_NETWORK_MAX: usize = 200;

/// Failures of one account from other addresses, from which on each address has one try in [`SLOWED`].
const OF_ACCOUNT_MAX: usize = 20;
const SLOWED: Duration = Duration::from_secs(60);

/// For how long an address is known from which an account has signed in, and how many of an account are.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const KNOWN_MAX: usize = 64;

/// Failures that are remembered, of all accounts and addresses; the oldest makes way.
const FAILURES_MAX: usize = if cfg!(test) { 500 } else { 10_000 };

/// Refused sign-ins that are written into the audit within an hour, one by one; of more it is written how many there were.
const NOTED_MAX: u32 = 100;
const NOTED_WITHIN: Duration = Duration::from_secs(60 * 60);

/// A try to sign in: a name as it was typed, whether there is such an account or not, and an address.
#[derive(Clone, PartialEq, Eq)]
struct Try {
    /// All that can be no account's name are one: it may be anything that somebody has typed.
    account: Option<AccountName>,
    address: IpAddr,
    at: Instant,
}

/// What is remembered of tries; nothing shows it. No method looks at a clock: `now` is a process's own time.
#[derive(Default)]
pub(crate) struct Lockout {
    /// In the order in which they came.
    failures: VecDeque<Try>,
    known: BTreeMap<AccountName, VecDeque<(IpAddr, Instant)>>,
    noted: Noted,
}

/// What was written of refused sign-ins.
#[derive(Default)]
struct Noted {
    since: Option<Instant>,
    written: u32,
    untold: u64,
}

/// A try that is under way. Counted as a failure from its beginning, so that many at once are no more than one after the other.
#[must_use]
pub(crate) struct UnderWay {
    this: Try,
    is_known: bool,
}

impl UnderWay {
    /// Whether the account has signed in from there.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }
}

impl Lockout {
    /// Begins a try, or says after how long the same may be tried again. Who is made to wait has not failed by it: nobody keeps somebody
    /// waiting by trying on.
    pub(crate) fn begin(
        &mut self,
        account: Option<&AccountName>,
        from: IpAddr,
        now: Instant,
    ) -> Result<UnderWay, Duration> {
        let this = Try { account: account.cloned(), address: network(from), at: now };
        self.forget_old(now);
        let wait = self.free_at(&this).map_or(Duration::ZERO, |free| free.saturating_duration_since(now));
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.failures.len() >= FAILURES_MAX {
            self.failures.pop_front();
        }
        self.failures.push_back(this.clone());
        let is_known = self.is_known(&this);
        Ok(UnderWay { this, is_known })
    }

    /// It was the right password: what failed from there before is forgotten, and the address is known from now on.
    pub(crate) fn succeeded(&mut self, tried: UnderWay) {
        let UnderWay { this, .. } = tried;
        self.failures.retain(|one| !one.is_pair_of(&this));
        let Some(account) = this.account else { return };
        let known = self.known.entry(account).or_default();
        known.retain(|(address, _)| *address != this.address);
        if known.len() >= KNOWN_MAX {
            known.pop_front();
        }
        known.push_back((this.address, this.at));
    }

    /// It was not found out whether it was the right one.
    pub(crate) fn undone(&mut self, tried: &UnderWay) {
        if let Some(at) = self.failures.iter().rposition(|one| *one == tried.this) {
            self.failures.remove(at);
        }
    }

    /// Whether a refused sign-in is written into the audit, and of how many before it nothing was.
    pub(crate) fn note(&mut self, now: Instant) -> Option<u64> {
        let noted = &mut self.noted;
        if noted.since.is_none_or(|since| now.saturating_duration_since(since) >= NOTED_WITHIN) {
            (noted.since, noted.written) = (Some(now), 0);
        }
        if noted.written >= NOTED_MAX {
            noted.untold += 1;
            return None;
        }
        noted.written += 1;
        Some(std::mem::take(&mut noted.untold))
    }

    /// From when on it may be tried, where that is bounded.
    fn free_at(&self, this: &Try) -> Option<Instant> {
        let own = locked_until(self.of_pair(this), OF_PAIR_MAX);
        if self.is_known(this) {
            return own;
        }
        let of_address = self.failures.iter().filter(|one| one.address == this.address);
        let of_network = self.failures.iter().filter(|one| wide(one.address) == wide(this.address));
        let of_others = self.failures.iter().filter(|one| {
            one.account == this.account
                && one.address != this.address
                && this.at.saturating_duration_since(one.at) < WINDOW
        });
        let slowed =
            (of_others.count() >= OF_ACCOUNT_MAX).then(|| self.of_pair(this).next_back().map(|last| last.at + SLOWED));
        let (by_address, by_network) =
            (locked_until(of_address, OF_ADDRESS_MAX), locked_until(of_network, OF_NETWORK_MAX));
        [own, by_address, by_network, slowed.flatten()].into_iter().flatten().max()
    }

    fn of_pair<'l>(&'l self, this: &'l Try) -> impl DoubleEndedIterator<Item = &'l Try> {
        self.failures.iter().filter(|one| one.is_pair_of(this))
    }

    fn is_known(&self, this: &Try) -> bool {
        let known = this.account.as_ref().and_then(|account| self.known.get(account));
        known.is_some_and(|known| known.iter().any(|(address, _)| *address == this.address))
    }

    fn forget_old(&mut self, now: Instant) {
        // Twice the window: who waits since the last of several failures waits by those before it, too.
        let is_old = |one: &Try| now.saturating_duration_since(one.at) >= 2 * WINDOW;
        while self.failures.front().is_some_and(is_old) {
            self.failures.pop_front();
        }
        self.known.retain(|_, known| {
            known.retain(|(_, at)| now.saturating_duration_since(*at) < KNOWN_FOR);
            !known.is_empty()
        });
    }
}

impl Try {
    fn is_pair_of(&self, other: &Self) -> bool {
        self.account == other.account && self.address == other.address
    }
}

/// Until when somebody waits whose last failure was one of so many within the window.
fn locked_until<'f>(failures: impl DoubleEndedIterator<Item = &'f Try>, most: usize) -> Option<Instant> {
    let mut backwards = failures.rev();
    let last = backwards.next()?.at;
    let together = 1 + backwards.take_while(|one| last.saturating_duration_since(one.at) < WINDOW).count();
    (together >= most).then(|| last + WINDOW)
}

/// Who has one address of IPv6 has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// The network of an address as it is counted: what a provider gives one customer, or less.
fn wide(counted: IpAddr) -> IpAddr {
    match counted {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() >> 8 << 8)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn name(text: &str) -> AccountName {
        text.parse().expect("a name")
    }

    /// Tries at a time, in minutes after the beginning.
    struct Story {
        lockout: Lockout,
        began: Instant,
        ann: AccountName,
    }

    impl Story {
        fn new() -> Self {
            Self { lockout: Lockout::default(), began: Instant::now(), ann: name("ann") }
        }

        fn at(&self, minutes: u32) -> Instant {
            self.began + minutes * MINUTE
        }

        /// A wrong password; after how many seconds it may be tried again where it was not even looked at.
        fn fails(&mut self, account: Option<&AccountName>, from: IpAddr, minutes: u32) -> Result<(), u64> {
            let now = self.at(minutes);
            self.lockout.begin(account, from, now).map(drop).map_err(|wait| wait.as_secs())
        }

        fn ann_fails(&mut self, from: IpAddr, minutes: u32) -> Result<(), u64> {
            let ann = self.ann.clone();
            self.fails(Some(&ann), from, minutes)
        }

        fn ann_signs_in(&mut self, from: IpAddr, minutes: u32) -> Result<(), u64> {
            let (ann, now) = (self.ann.clone(), self.at(minutes));
            let tried = self.lockout.begin(Some(&ann), from, now).map_err(|wait| wait.as_secs())?;
            self.lockout.succeeded(tried);
            Ok(())
        }
    }

    #[test]
    fn five_failures_of_an_account_from_an_address_keep_that_pair_waiting_and_nobody_else() {
        let mut story = Story::new();
        for minute in [0, 10, 10, 11, 12] {
            assert_eq!(story.ann_fails(ip(1), minute), Ok(()));
        }
        assert_eq!(story.ann_fails(ip(1), 13), Err(14 * 60));
        assert_eq!(story.ann_signs_in(ip(1), 20), Err(7 * 60), "the right password is not looked at either");
        assert_eq!(story.ann_signs_in(ip(2), 20), Ok(()), "from elsewhere");
        let bob = name("bob");
        assert_eq!(story.fails(Some(&bob), ip(1), 20), Ok(()), "somebody else");
        // Trying on has not made it any longer, and the first of the five being old not shorter.
        assert_eq!(story.ann_signs_in(ip(1), 26), Err(60));
        assert_eq!(story.ann_signs_in(ip(1), 27), Ok(()));
    }

    #[test]
    fn who_remembers_begins_anew() {
        let mut story = Story::new();
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(story.ann_fails(ip(1), 0), Ok(()));
            }
            assert_eq!(story.ann_signs_in(ip(1), 0), Ok(()));
        }
    }

    #[test]
    fn tries_at_once_are_counted_before_any_has_ended_and_not_where_nobody_looked() {
        let mut story = Story::new();
        let (ann, now) = (story.ann.clone(), story.at(0));
        let under_way: Vec<_> = (0..9).filter_map(|_| story.lockout.begin(Some(&ann), ip(1), now).ok()).collect();
        assert_eq!(under_way.len(), OF_PAIR_MAX);
        story.lockout.undone(&under_way[0]);
        assert_eq!(story.ann_fails(ip(1), 0), Ok(()));
        assert!(story.ann_fails(ip(1), 0).is_err());
    }

    #[test]
    fn an_address_that_fails_with_many_accounts_waits_but_not_who_is_known_there() {
        let mut story = Story::new();
        assert_eq!(story.ann_signs_in(ip(1), 0), Ok(()));
        for number in 0..OF_ADDRESS_MAX {
            let account = name(&format!("user{number}"));
            assert_eq!(story.fails(Some(&account), ip(1), 1), Ok(()));
        }
        let bob = name("bob");
        assert_eq!(story.fails(Some(&bob), ip(1), 2), Err(14 * 60));
        assert_eq!(story.fails(None, ip(1), 2), Err(14 * 60), "what can be no name is counted alike");
        assert_eq!(story.fails(Some(&bob), ip(2), 2), Ok(()));
        assert_eq!(story.ann_signs_in(ip(1), 2), Ok(()), "others cannot lock her out of where she works");
        assert_eq!(story.fails(Some(&bob), ip(1), 16), Ok(()));
    }

    #[test]
    fn an_account_that_fails_from_many_addresses_is_slowed_down_but_not_from_where_it_is_known() {
        let mut story = Story::new();
        assert_eq!(story.ann_signs_in(ip(200), 0), Ok(()));
        for last in 1..=20 {
            assert_eq!(story.ann_fails(ip(last), 1), Ok(()));
        }
        // Each has one try a minute.
        assert_eq!(story.ann_fails(ip(100), 2), Ok(()));
        assert_eq!(story.ann_fails(ip(100), 2), Err(60));
        assert_eq!(story.ann_fails(ip(100), 3), Ok(()));
        // She mistypes, and is not made to wait for what others did.
        for _ in 0..4 {
            assert_eq!(story.ann_fails(ip(200), 3), Ok(()));
        }
        assert_eq!(story.ann_signs_in(ip(200), 3), Ok(()));
        // For what she did herself, she is.
        for _ in 0..5 {
            assert_eq!(story.ann_fails(ip(200), 4), Ok(()));
        }
        assert_eq!(story.ann_signs_in(ip(200), 4), Err(15 * 60));
        assert_eq!(story.ann_fails(ip(101), 4), Ok(()), "elsewhere it is not over");
        assert_eq!(story.ann_fails(ip(101), 4), Err(60));
        assert_eq!(story.ann_fails(ip(102), 40), Ok(()));
        assert_eq!(story.ann_fails(ip(102), 40), Ok(()), "it is over");
    }

    #[test]
    fn an_address_is_known_for_a_month() {
        let mut story = Story::new();
        let day = 24 * 60;
        assert_eq!(story.ann_signs_in(ip(200), 0), Ok(()));
        for (minute, expected) in [(30 * day - 1, Ok(())), (30 * day, Err(60))] {
            for last in 1..=20 {
                assert_eq!(story.ann_fails(ip(last), minute), Ok(()));
            }
            assert_eq!(story.ann_fails(ip(200), minute), Ok(()));
            assert_eq!(story.ann_fails(ip(200), minute), expected);
            story.lockout.failures.clear();
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_address_and_so_is_one_of_ipv4_written_in_it() {
        let read = |text: &str| text.parse::<IpAddr>().expect("an address");
        let same = |one: &str, other: &str| network(read(one)) == network(read(other));
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn a_network_that_fails_from_many_addresses_waits_but_not_who_is_known_there() {
        // Each of IPv6 from a /64 of its own.
        let v6 = |net: u16, subnet: u16| IpAddr::from([0x2001, 0xdb8, net, subnet, 0, 0, 0, 1]);
        let v4 = |net: u8, host: u8| IpAddr::from([10, 1, net, host]);
        for (is_v6, within, beyond) in [(true, v6(1, 900), v6(2, 1)), (false, v4(1, 250), v4(2, 1))] {
            let from = |number: u16| if is_v6 { v6(1, number) } else { v4(1, number as u8) };
            let mut story = Story::new();
            assert_eq!(story.ann_signs_in(within, 0), Ok(()));
            for number in 0..OF_NETWORK_MAX as u16 {
                let account = name(&format!("user{number}"));
                assert_eq!(story.fails(Some(&account), from(number), 1), Ok(()));
            }
            let bob = name("bob");
            assert_eq!(story.fails(Some(&bob), within, 2), Err(14 * 60));
            assert_eq!(story.fails(Some(&bob), beyond, 2), Ok(()));
            assert_eq!(story.ann_signs_in(within, 2), Ok(()));
            assert_eq!(story.fails(Some(&bob), within, 16), Ok(()));
        }
    }

    #[test]
    fn it_is_known_of_a_try_whether_the_account_has_signed_in_from_there() {
        let mut story = Story::new();
        assert_eq!(story.ann_signs_in(ip(1), 0), Ok(()));
        let (ann, bob, now) = (story.ann.clone(), name("bob"), story.at(1));
        for (account, from, expected) in
            [(Some(&ann), ip(1), true), (Some(&ann), ip(2), false), (Some(&bob), ip(1), false), (None, ip(1), false)]
        {
            let known = story.lockout.begin(account, from, now).map(|tried| tried.is_known());
            assert_eq!(known, Ok(expected));
        }
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_the_oldest_makes_way() {
        let mut story = Story::new();
        for number in 0..FAILURES_MAX + 10 {
            let account = name(&format!("user{number}"));
            let from = IpAddr::from([10, (number / 256) as u8, (number % 256) as u8, 1]);
            assert_eq!(story.fails(Some(&account), from, 0), Ok(()));
        }
        assert_eq!(story.lockout.failures.len(), FAILURES_MAX);
        assert_eq!(story.lockout.failures[0].account, Some(name("user10")));
        for last in 0..=KNOWN_MAX as u8 {
            assert_eq!(story.ann_signs_in(ip(last), 0), Ok(()));
        }
        let known = &story.lockout.known[&story.ann];
        assert_eq!((known.len(), known[0].0), (KNOWN_MAX, ip(1)));
        story.lockout.forget_old(story.at(31 * 24 * 60));
        assert!(story.lockout.failures.is_empty() && story.lockout.known.is_empty());
    }

    #[test]
    fn so_many_refusals_an_hour_are_written_and_of_the_others_how_many() {
        let mut story = Story::new();
        let (first, later) = (story.at(0), story.at(60));
        let written = (0..NOTED_MAX + 5).filter_map(|_| story.lockout.note(first)).collect::<Vec<_>>();
        assert_eq!(written, vec![0; NOTED_MAX as usize]);
        assert_eq!(story.lockout.note(later), Some(5));
        assert_eq!(story.lockout.note(later), Some(0));
    }
}
