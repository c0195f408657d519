//! Whether a person may be contacted now: never outside a window, never by a channel that is not listed, never against
//! "do not contact". Pure.
//!
//! A window is open while the person's own wall shows a time within it. So where the hour is turned back, a window may
//! be open twice; where it is turned forward over a window, that window does not open on this day.

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ContactBar, ContactChannel, Set, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, civil};

use crate::lists;
use crate::text::LINE;

/// How many windows a plan has at most.
const MOST: usize = 14;
/// The minutes of a day.
const DAY: u16 = 24 * 60;
/// How far ahead an opening is looked for. A week is enough but where a zone leaves out a day, or moves a window's hour.
const HORIZON: i32 = 16;

/// What a plan says, whether or not it can be followed.
#[derive(Clone, Debug, Default)]
pub struct StatedPlan {
    /// Never contact the person.
    pub do_not_contact: bool,
    /// The ways to reach the person, the preferred one first.
    pub routes: Vec<StatedRoute>,
    /// When the person may be reached.
    pub windows: Vec<Window>,
    /// The IANA name of the person's time zone.
    pub zone: Option<String>,
    /// Whether a message may be left.
    pub may_leave_message: bool,
    /// The word that shows that the caller is safe.
    pub code_word: Option<String>,
}

/// One way to reach the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatedRoute {
    /// By which channel.
    pub channel: ContactChannel,
    /// The address, number or place.
    pub address: String,
}

/// A plan that can be followed.
#[derive(Clone, Debug)]
pub struct Plan {
    do_not_contact: bool,
    routes: Vec<StatedRoute>,
    windows: Vec<Window>,
    zone: TimeZone,
    may_leave_message: bool,
    code_word: Option<String>,
}

/// A span of time on some days of the week, in the person's own time zone.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The days on which it begins.
    pub days: Set<Weekday>,
    /// From when, in minutes of the day.
    pub from: u16,
    /// Until when, not included, in minutes of the day; on the next day where that is earlier than its beginning.
    pub until: u16,
}

/// How a person may be contacted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner<'p> {
    /// By this channel.
    pub channel: ContactChannel,
    /// The address, number or place.
    pub address: &'p str,
    /// Until when, not included; none where the windows leave no gap.
    pub until: Option<Instant>,
    /// Whether a message may be left.
    pub may_leave_message: bool,
    /// The word that shows that the caller is safe.
    pub code_word: Option<&'p str>,
}

/// Why a person may not be contacted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactBarredError {
    /// What bars it.
    pub bar: ContactBar,
    /// When the next window opens, where that is what bars it.
    pub opens: Option<Instant>,
}

/// Why a plan cannot be followed. Safe to show: it repeats nothing of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactPlanError {
    /// There is no way to reach the person.
    #[error("name at least one channel, or say `doNotContact`")]
    NoChannel,
    /// A channel is listed twice.
    #[error("each channel once, the preferred one first")]
    ChannelTwice,
    /// An address is none.
    #[error(
        "an address has 1 to 200 characters: an E.164 number such as `+12025550142` for PHONE and TEXT, a name and a domain for EMAIL"
    )]
    Address,
    /// It lists a channel where everything stays, and nothing may be left.
    #[error(
        "texts, e-mails, messages and letters stay where they arrive: list them only where a message may be left"
    )]
    StaysThere,
    /// There is no window.
    #[error("name at least one window, or say `doNotContact`")]
    NoWindow,
    /// There are too many windows.
    #[error("at most 14 windows")]
    TooManyWindows,
    /// A window without a day, or that ends when it begins.
    #[error(
        "a window has a day at least, and ends at another time than it begins; `24:00` is the day's end"
    )]
    Window,
    /// The zone is unknown.
    #[error("an IANA time zone, such as `America/Chicago`")]
    Zone,
    /// The code word is none.
    #[error("a code word has 1 to 200 characters")]
    CodeWord,
}

impl ContactPlanError {
    /// Returns every place of the plan `said` that is wrong so.
    #[must_use]
    pub fn places(self, said: &StatedPlan) -> Vec<String> {
        let routes = |is_wrong: &dyn Fn(usize, &StatedRoute) -> bool, field: &str| {
            let routes = said.routes.iter().enumerate();
            let wrong = routes.filter(|(place, route)| is_wrong(*place, route));
            wrong
                .map(|(place, _)| format!("channels.{place}.{field}"))
                .collect()
        };
        match self {
            Self::NoChannel => vec!["channels".to_owned()],
            Self::ChannelTwice => routes(
                &|place, route| {
                    let mut before = said.routes.iter().take(place);
                    before.any(|one| one.channel == route.channel && one != route)
                },
                "channel",
            ),
            Self::Address => routes(&|_, route| !is_address(route), "address"),
            Self::StaysThere => routes(&|_, route| stays_there(route.channel), "channel"),
            Self::NoWindow | Self::TooManyWindows => vec!["windows".to_owned()],
            Self::Window => {
                let windows = said.windows.iter().enumerate();
                let wrong = windows.filter(|(_, window)| !window.is_sound());
                let place = |(place, window): (usize, &Window)| {
                    let field = if window.days.is_empty() { ".days" } else { "" };
                    format!("windows.{place}{field}")
                };
                wrong.map(place).collect()
            }
            Self::Zone => vec!["timeZone".to_owned()],
            Self::CodeWord => vec!["codeWord".to_owned()],
        }
    }
}

/// Returns how the person may be contacted by `channel` at `now`.
///
/// # Errors
/// [`ContactBarredError`]: not by this channel, or not now; then it names when the next window opens.
pub fn may_contact(
    plan: &Plan,
    channel: ContactChannel,
    now: Instant,
) -> Result<Manner<'_>, ContactBarredError> {
    let never = |bar| ContactBarredError { bar, opens: None };
    if plan.do_not_contact {
        return Err(never(ContactBar::DoNotContact));
    }
    let route = plan.routes.iter().find(|route| route.channel == channel);
    let route = route.ok_or(never(ContactBar::ChannelNotListed))?;
    if stays_there(channel) && !plan.may_leave_message {
        return Err(never(ContactBar::NothingMayBeLeft));
    }
    if !plan.is_open(now) {
        return Err(ContactBarredError {
            bar: ContactBar::OutsideWindow,
            opens: plan.next(now, true),
        });
    }
    Ok(Manner {
        channel,
        address: &route.address,
        until: plan.next(now, false),
        may_leave_message: plan.may_leave_message,
        code_word: plan.code_word.as_deref(),
    })
}

/// Returns whether whatever goes through this channel stays where others may find it.
#[must_use]
pub fn stays_there(channel: ContactChannel) -> bool {
    match channel {
        ContactChannel::Text
        | ContactChannel::Email
        | ContactChannel::Messenger
        | ContactChannel::Post => true,
        ContactChannel::Phone | ContactChannel::InPerson | ContactChannel::ThroughAdvocate => false,
    }
}

impl Plan {
    /// Returns the plan that this says, where it can be followed.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the list; never empty.
    pub fn from_stated(said: StatedPlan) -> Result<Self, Vec<ContactPlanError>> {
        let defects = defects(&said);
        if !defects.is_empty() {
            return Err(defects);
        }
        let zone = said.zone.as_deref().and_then(zone);
        Ok(Self {
            do_not_contact: said.do_not_contact,
            routes: said.routes,
            windows: said.windows,
            zone: zone.unwrap_or(TimeZone::UTC),
            may_leave_message: said.may_leave_message,
            code_word: said.code_word,
        })
    }

    /// Returns whether one of its windows is open.
    #[must_use]
    pub fn is_open(&self, at: Instant) -> bool {
        let Ok(at) = Timestamp::from_microsecond(at.0) else {
            return false;
        };
        let local = self.zone.to_datetime(at);
        self.windows.iter().any(|window| window.has(local))
    }

    /// Returns the first moment after `now` at which a window is open, or none is.
    fn next(&self, now: Instant, open: bool) -> Option<Instant> {
        let mut turns = self.turns(now).unwrap_or_default();
        turns.sort_unstable();
        turns.into_iter().find(|at| self.is_open(*at) == open)
    }

    /// Returns every moment after `now` at which a window may open or close: its ends on each day, as often as they
    /// come, and wherever the zone's offset changes.
    fn turns(&self, now: Instant) -> Option<Vec<Instant>> {
        let start = Timestamp::from_microsecond(now.0).ok()?;
        let days = SignedDuration::from_hours(24 * i64::from(HORIZON));
        let horizon = start.checked_add(days).ok()?;
        let changes = self.zone.following(start).map(|change| change.timestamp());
        let mut turns: Vec<Timestamp> = changes.take_while(|at| *at <= horizon).collect();
        let ends: Vec<civil::Time> = self
            .windows
            .iter()
            .flat_map(|window| window.ends())
            .collect();
        let mut day = self.zone.to_datetime(start).date();
        for _ in 0..=HORIZON {
            for end in &ends {
                let offsets = match self
                    .zone
                    .to_ambiguous_timestamp(day.to_datetime(*end))
                    .offset()
                {
                    AmbiguousOffset::Unambiguous { offset } => [offset, offset],
                    AmbiguousOffset::Gap { before, after }
                    | AmbiguousOffset::Fold { before, after } => [before, after],
                };
                let at = |offset: jiff::tz::Offset| offset.to_timestamp(day.to_datetime(*end)).ok();
                turns.extend(offsets.into_iter().filter_map(at));
            }
            day = day.tomorrow().ok()?;
        }
        let later = turns.into_iter().filter(|at| *at > start);
        Some(later.map(|at| Instant(at.as_microsecond())).collect())
    }
}

impl Window {
    fn is_sound(self) -> bool {
        !self.days.is_empty() && self.from != self.until && self.from < DAY
    }

    fn has(self, local: civil::DateTime) -> bool {
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let today = self.days.has(weekday(local.date()));
        if self.from < self.until {
            return today && (self.from..self.until).contains(&minute);
        }
        let yesterday = local.date().yesterday();
        let yesterday = yesterday.is_ok_and(|day| self.days.has(weekday(day)));
        (today && minute >= self.from) || (yesterday && minute < self.until)
    }

    fn ends(self) -> impl Iterator<Item = civil::Time> + use<> {
        [self.from, self.until].into_iter().filter_map(|minutes| {
            let minutes = minutes % DAY;
            let hour = i8::try_from(minutes / 60).ok()?;
            civil::Time::new(hour, i8::try_from(minutes % 60).ok()?, 0, 0).ok()
        })
    }
}

fn weekday(day: civil::Date) -> Weekday {
    match day.weekday() {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    }
}

/// Returns the zone of this IANA name, by the rules that the program was built with.
fn zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    (zone.iana_name().is_some() && !zone.is_unknown()).then_some(zone)
}

fn defects(said: &StatedPlan) -> Vec<ContactPlanError> {
    let channels: Set<ContactChannel> = said.routes.iter().map(|route| route.channel).collect();
    let is_word = |word: &String| (1..=LINE).contains(&word.trim().chars().count());
    let has_zone = match said.zone.as_deref() {
        Some(name) => zone(name).is_some(),
        None => said.windows.is_empty(),
    };
    let is_reached = !said.do_not_contact;
    let stays = !said.may_leave_message && channels.iter().any(stays_there);
    let checks = [
        (
            is_reached && said.routes.is_empty(),
            ContactPlanError::NoChannel,
        ),
        (
            channels.iter().count() != lists::once(said.routes.clone()).len(),
            ContactPlanError::ChannelTwice,
        ),
        (
            !said.routes.iter().all(is_address),
            ContactPlanError::Address,
        ),
        (stays, ContactPlanError::StaysThere),
        (
            is_reached && said.windows.is_empty(),
            ContactPlanError::NoWindow,
        ),
        (said.windows.len() > MOST, ContactPlanError::TooManyWindows),
        (
            !said.windows.iter().all(|window| window.is_sound()),
            ContactPlanError::Window,
        ),
        (!has_zone, ContactPlanError::Zone),
        (
            !said.code_word.as_ref().is_none_or(is_word),
            ContactPlanError::CodeWord,
        ),
    ];
    let wrong = checks.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong.map(|(_, defect)| defect).collect()
}

fn is_address(route: &StatedRoute) -> bool {
    let address = route.address.as_str();
    let length = address.trim().chars().count();
    let sound = (1..=LINE).contains(&length) && !address.chars().any(char::is_control);
    sound
        && match route.channel {
            ContactChannel::Phone | ContactChannel::Text => is_e164(address),
            ContactChannel::Email => address.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty()
                    && domain.contains('.')
                    && !domain.contains('@')
                    && !address.contains(char::is_whitespace)
            }),
            ContactChannel::Messenger
            | ContactChannel::Post
            | ContactChannel::InPerson
            | ContactChannel::ThroughAdvocate => true,
        }
}

fn is_e164(address: &str) -> bool {
    address.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}
