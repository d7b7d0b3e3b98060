use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

/// A machine whose wall clock is set now and then, and what a ledger has seen of it.
struct Machine {
    wall_s: i64,
    boot_s: i64,
    boot: &'static str,
    anchor: Option<Anchor>,
    seen: ClockSeen,
}

impl Machine {
    fn new() -> Self {
        let seen = ClockSeen { latest: None, looked: None, doubt: None, jump_max: HOUR };
        Self { wall_s: 1_000_000, boot_s: 500, boot: "first", anchor: None, seen }
    }

    fn look(&self) -> Look {
        let now = Timestamp::from_second(self.wall_s).expect("a time");
        let at = BootTime::from_millis(self.boot_s * 1_000);
        Look { now, before: at, after: at }
    }

    /// Time passes, and a process looks every five seconds.
    fn run(&mut self, seconds: i64) {
        for _ in 0..seconds / 5 {
            self.pass(5);
            self.observe();
        }
    }

    /// Time passes, and nobody looks.
    fn pass(&mut self, seconds: i64) {
        self.wall_s += seconds;
        self.boot_s += seconds;
    }

    fn observe(&mut self) -> bool {
        let looked = self.seen.after(self.anchor.as_ref(), &self.look(), self.boot, HOUR);
        self.anchor = Some(looked.anchor);
        self.seen = looked.seen;
        looked.put_back
    }

    fn starts_again(&mut self) {
        (self.boot, self.boot_s, self.anchor) = ("second", 10, None);
    }

    fn trust(&self) -> Trust {
        self.seen.trust(self.anchor.as_ref(), &self.look(), self.boot)
    }

    fn leases_s(&self) -> u64 {
        self.trust().leases.as_secs()
    }

    /// What is wrong, from the moment at which it is so: the next look only writes it down.
    fn fault(&mut self) -> Option<ClockFault> {
        let at_once = self.trust().erasing;
        self.observe();
        assert_eq!(self.trust().erasing, at_once);
        let fault = self.seen.doubt.as_ref().map(|kept| kept.doubt.fault);
        assert_eq!(fault.is_none(), at_once);
        fault
    }
}

#[test]
fn the_end_of_a_lease_is_believed_of_a_clock_that_went_evenly_for_as_long() {
    let mut machine = Machine::new();
    assert_eq!(machine.leases_s(), 0, "nobody has looked yet");
    machine.observe();
    machine.run(10);
    machine.pass(3);
    assert_eq!(machine.leases_s(), 13);
    // Twenty seconds at once: leases that seem over may have begun before.
    machine.wall_s += 20;
    assert_eq!(machine.leases_s(), 0, "before anybody has written it down");
    machine.observe();
    assert_eq!(machine.leases_s(), 0);
    machine.run(15);
    assert_eq!(machine.leases_s(), 15);
    // An hour back makes no lease end early, and the hour forth does.
    machine.wall_s -= 3_000;
    machine.run(5);
    assert_eq!(machine.leases_s(), 20);
    machine.wall_s += 3_000;
    assert_eq!(machine.leases_s(), 0);
    // Other looks say nothing of a machine that was started anew.
    machine.starts_again();
    assert_eq!(machine.leases_s(), 0);
}

#[test]
fn a_clock_that_creeps_or_is_asked_slowly_goes_evenly() {
    let mut machine = Machine::new();
    machine.observe();
    for _ in 0..60 {
        machine.pass(5);
        machine.wall_s += 1;
        machine.observe();
    }
    assert_eq!(machine.leases_s(), 300);
    let anchor = machine.anchor.expect("somebody has looked");
    let slow = |took_ms| Look { before: BootTime::from_millis(anchor.at.as_millis() - took_ms), ..machine.look() };
    assert!(anchor.is_steady(&slow(1_500)));
    assert!(!anchor.is_steady(&Look { now: after(machine.look().now, Duration::from_secs(2)), ..slow(0) }));
}

#[test]
fn a_jump_ahead_stops_erasing_until_a_person_says_that_the_clock_is_right() {
    let mut machine = Machine::new();
    machine.observe();
    machine.wall_s += 3_600;
    assert_eq!(machine.fault(), None, "as far as it may jump");
    machine.wall_s += 366 * 86_400;
    assert_eq!(machine.fault(), Some(ClockFault::Ahead));
    let first = machine.seen.doubt.clone();
    machine.run(7_200);
    assert_eq!(machine.fault(), Some(ClockFault::Ahead), "however long it is so");
    assert_eq!(machine.seen.doubt, first, "it is one doubt");
    assert!(machine.leases_s() > 7_000, "everything else goes on");
    let now = machine.look().now;
    machine.seen = machine.seen.accepted(now);
    machine.anchor = None;
    assert_eq!(machine.fault(), None);
    machine.run(3_600);
    assert_eq!(machine.fault(), None);
}

#[test]
fn a_clock_that_is_put_right_needs_no_person() {
    let mut machine = Machine::new();
    machine.observe();
    machine.wall_s += 5_400;
    assert_eq!(machine.fault(), Some(ClockFault::Ahead));
    machine.run(86_400);
    machine.wall_s -= 5_400;
    assert_eq!(machine.fault(), None);
    machine.run(60);
    assert_eq!(machine.fault(), None, "what was not believed is not what it is held against");
}

#[test]
fn a_jump_is_not_forgotten_by_starting_the_machine_anew() {
    let mut machine = Machine::new();
    machine.observe();
    machine.wall_s += 366 * 86_400;
    assert_eq!(machine.fault(), Some(ClockFault::Ahead));
    machine.starts_again();
    assert_eq!(machine.fault(), Some(ClockFault::Ahead));
    machine.wall_s -= 366 * 86_400;
    assert_eq!(machine.fault(), None);
}

#[test]
fn neither_being_off_nor_being_suspended_is_a_jump() {
    let mut machine = Machine::new();
    machine.observe();
    // Suspended: both clocks go on.
    machine.pass(30 * 86_400);
    assert_eq!(machine.fault(), None);
    // Off: the time since the start says nothing.
    machine.starts_again();
    machine.wall_s += 30 * 86_400;
    assert_eq!(machine.fault(), None);
    // Only the process was off, and the clock was set meanwhile.
    machine.pass(86_400);
    machine.wall_s += 86_400;
    assert_eq!(machine.fault(), Some(ClockFault::Ahead));
}

#[test]
fn a_clock_behind_what_the_ledger_has_seen_stops_erasing_until_it_has_caught_up() {
    let mut machine = Machine::new();
    machine.observe();
    machine.wall_s -= 3_600;
    assert_eq!(machine.fault(), None, "as far as it may stand behind");
    machine.wall_s -= 60;
    assert_eq!(machine.fault(), Some(ClockFault::Behind));
    machine.starts_again();
    assert_eq!(machine.fault(), Some(ClockFault::Behind), "also of a machine that was started anew");
    machine.run(60);
    assert_eq!(machine.fault(), None);
}

#[test]
fn a_clock_that_was_put_back_is_noticed_at_the_next_look_and_once() {
    let mut machine = Machine::new();
    assert!(!machine.observe());
    machine.pass(5);
    assert!(!machine.observe());
    machine.wall_s -= 3_600;
    assert!(machine.observe());
    machine.pass(5);
    assert!(!machine.observe());
}

#[test]
fn a_clock_that_was_put_back_is_noticed_also_when_a_person_has_accepted_it_before_the_next_look() {
    let mut machine = Machine::new();
    machine.run(60);
    machine.wall_s += 400 * 86_400;
    machine.run(5);
    machine.wall_s -= 7_200;
    let now = machine.look().now;
    machine.seen = machine.seen.accepted(now);
    machine.pass(5);
    assert!(machine.observe(), "what began by the clock that was right until now waits no longer for it");
    assert_eq!(machine.fault(), None);
    machine.pass(5);
    assert!(!machine.observe());
}

#[test]
fn only_what_is_due_at_once_moves_with_the_clock() {
    let at = |seconds| Timestamp::from_second(seconds).expect("a time");
    assert_eq!(began(at(7), at(7)), Some(at(7)));
    assert_eq!(began(at(6), at(7)), Some(at(7)));
    assert_eq!(began(at(8), at(7)), Some(at(7)), "decided a moment later than the transaction began");
    assert_eq!(began(at(9), at(7)), None);
}
