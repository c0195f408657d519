//! iCalendar (RFC 5545), as much of it as whole days need. Written by hand: the library for it brings a second one for dates,
//! and names events and stamps them by itself, while these must be the same each time. Pure.

use concord_entities::instant::{Day, Instant};
use concord_entities::zone::Zone;

/// The most octets of a line, without its end (RFC 5545, 3.1).
const LONGEST_LINE: usize = 75;
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
    let mut text = String::new();
    let mut say = |line: String| fold(&line, &mut text);
    say("BEGIN:VCALENDAR".to_owned());
    say("VERSION:2.0".to_owned());
    say("PRODID:-//Concord//MOUs//EN".to_owned());
    say("CALSCALE:GREGORIAN".to_owned());
    say(format!("NAME:{}", escaped(name)));
    say(format!("X-WR-CALNAME:{}", escaped(name)));
    say(format!("REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"));
    say(format!("X-PUBLISHED-TTL:{REFRESH}"));
    for event in events {
        let stamp = moment(event.changed_at);
        say("BEGIN:VEVENT".to_owned());
        say(format!("UID:{}", event.uid));
        say(format!("DTSTAMP:{stamp}"));
        say(format!("LAST-MODIFIED:{stamp}"));
        say(format!("SEQUENCE:{}", event.sequence));
        say(format!("DTSTART;VALUE=DATE:{}", date(event.on)));
        // The day after the last one (RFC 5545, 3.6.1).
        say(format!("DTEND;VALUE=DATE:{}", date(event.on.plus_days(1))));
        say(format!("SUMMARY:{}", escaped(&event.summary)));
        say("CLASS:CONFIDENTIAL".to_owned());
        say("TRANSP:TRANSPARENT".to_owned());
        say("END:VEVENT".to_owned());
    }
    say("END:VCALENDAR".to_owned());
    text
}

fn date(day: Day) -> String {
    day.to_string().replace('-', "")
}

fn moment(at: Instant) -> String {
    let local = Zone::UTC.local(at);
    local.map_or_else(
        || "19700101T000000Z".to_owned(),
        |local| local.strftime("%Y%m%dT%H%M%SZ").to_string(),
    )
}

/// Returns a text as a value (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => {
                value.push('\\');
                value.push(letter);
            }
            '\n' => value.push_str("\\n"),
            control if control.is_control() => {}
            letter => value.push(letter),
        }
    }
    value
}

/// Adds a line that is as long as it may be, and goes on in the next one behind a space: no letter is cut in two.
fn fold(line: &str, text: &mut String) {
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > LONGEST_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(letter);
        length += letter.len_utf8();
    }
    text.push_str("\r\n");
}
