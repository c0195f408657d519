//! iCalendar (RFC 5545) of whole days: the same text for the same days, so that it has an entity tag. Pure.

use concord_entities::instant::{Day, Instant};
use concord_entities::zone::Zone;
use icalendar::{Calendar, Class, Component, Event, Property};

/// For how long a program need not ask again (RFC 7986, 5.7).
const REFRESH: &str = "PT6H";

/// What there is on a day, all day long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayEvent {
    /// By what a program knows it again.
    pub uid: String,
    /// Grows with each change of the day.
    pub sequence: i64,
    /// When it was changed last.
    pub changed_at: Instant,
    /// The day.
    pub on: Day,
    /// What there is.
    pub summary: String,
}

/// Returns a calendar of these events.
#[must_use]
pub fn calendar(name: &str, events: &[DayEvent]) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Concord//MOUs//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("X-WR-CALNAME", name))
        .append_property(
            Property::new("REFRESH-INTERVAL", REFRESH)
                .add_parameter("VALUE", "DURATION")
                .done(),
        )
        .append_property(("X-PUBLISHED-TTL", REFRESH))
        .extend(events.iter().map(event));
    calendar.to_string()
}

fn event(day: &DayEvent) -> Event {
    let stamp = moment(day.changed_at);
    // The day after the last one (RFC 5545, 3.6.1).
    let next = day.on.plus_days(1);
    Event::with_uid(&day.uid)
        .add_property("DTSTAMP", &stamp)
        .add_property("LAST-MODIFIED", stamp)
        .add_property("SEQUENCE", day.sequence.to_string())
        .append_property(date("DTSTART", day.on))
        .append_property(date("DTEND", next))
        .summary(&printable(&day.summary))
        .class(Class::Confidential)
        .add_property("TRANSP", "TRANSPARENT")
        .done()
}

fn date(property: &str, day: Day) -> Property {
    Property::new(property, day.to_string().replace('-', ""))
        .add_parameter("VALUE", "DATE")
        .done()
}

fn moment(at: Instant) -> String {
    let local = Zone::UTC.local(at);
    local.map_or_else(
        || "19700101T000000Z".to_owned(),
        |local| local.strftime("%Y%m%dT%H%M%SZ").to_string(),
    )
}

/// Returns a text without what no value may have (RFC 5545, 3.3.11); the library escapes the rest.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| *letter == '\n' || !letter.is_control())
        .collect()
}
