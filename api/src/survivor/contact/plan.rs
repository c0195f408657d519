//! What a plan for safe contact says: the same for a survivor of your agency's and in a referral package.

use async_graphql::{InputObject, SimpleObject};
use concord_entities::vocabulary::{ContactChannel, Weekday};
use concord_entities::zone::Zone;
use serde::{Deserialize, Serialize};

use super::rules::{ContactPlanError, Plan, StatedPlan, StatedRoute, Window};
use crate::error::{Faults, InputPath};
use crate::lists;
use crate::text;
use crate::wire::scalars::LocalTime;

/// How the person may be reached safely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "SafeContactInput")]
#[serde(rename_all = "camelCase", default)]
pub struct SafeContactPlan {
    /// Never contact the person; nothing else of the plan counts then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub do_not_contact: Option<bool>,
    /// The ways to reach the person, the preferred one first: at least one, unless the person is never contacted. What is
    /// not listed is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<ContactRoute>>,
    /// When: outside these windows the person is not contacted. At least one, unless the person is never contacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<ContactWindow>>,
    /// The person's time zone, which the windows are in: an IANA name, such as `America/Chicago`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether a message may be left; not where nothing is said. Without it, no text, e-mail, message or letter goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_leave_message: Option<bool>,
    /// The word that shows that the caller is safe: 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_word: Option<String>,
}

impl SafeContactPlan {
    /// Has every text as it is kept and every list without repetitions, and checks that the plan can be followed. `path`
    /// is where it stands in the arguments; what is wrong goes to `faults`.
    pub fn tidy(&mut self, path: &str, faults: &mut Faults) {
        for (nth, route) in self.channels.iter_mut().flatten().enumerate() {
            let at = format!("{path}.channels.{nth}.address");
            route.address = text::line_at(faults, at, &route.address, text::LINE);
        }
        if let Some(word) = &mut self.code_word {
            *word = text::line_at(faults, format!("{path}.codeWord"), word, text::LINE);
        }
        for window in self.windows.iter_mut().flatten() {
            window.days = lists::once(std::mem::take(&mut window.days));
        }
        // What is wrong is told by its place in the list as it was sent.
        self.check(path, faults);
        if let Some(name) = &mut self.time_zone {
            let place = InputPath::from(format!("{path}.timeZone"));
            match name.parse::<Zone>() {
                Ok(zone) => *name = zone.to_string(),
                Err(_) if faults.are_at(&place) => {}
                Err(unknown) => faults.add(place, unknown),
            }
        }
        self.channels = self.channels.take().map(lists::once);
        self.windows = self.windows.take().map(lists::once);
    }

    /// Returns the plan as one can follow it.
    ///
    /// # Errors
    /// Every [`ContactPlanError`] that is wrong with it.
    pub fn followed(&self) -> Result<Plan, Vec<ContactPlanError>> {
        Plan::from_stated(self.stated())
    }

    /// Checks that one can follow the plan. A place where something is wrong already is not named again.
    fn check(&self, path: &str, faults: &mut Faults) {
        for defect in self.followed().err().unwrap_or_default() {
            for place in defect.places(&self.stated()) {
                let place = InputPath::from(format!("{path}.{place}"));
                if !faults.are_at(&place) {
                    faults.add(place, defect);
                }
            }
        }
    }

    fn stated(&self) -> StatedPlan {
        let route = |route: &ContactRoute| StatedRoute {
            channel: route.channel,
            address: route.address.clone(),
        };
        let window = |window: &ContactWindow| Window {
            days: window.days.iter().copied().collect(),
            from: window.from.minutes(),
            until: window.until.minutes(),
        };
        StatedPlan {
            do_not_contact: self.do_not_contact.unwrap_or(false),
            routes: self.channels.iter().flatten().map(route).collect(),
            windows: self.windows.iter().flatten().map(window).collect(),
            zone: self.time_zone.clone(),
            may_leave_message: self.may_leave_message.unwrap_or(false),
            code_word: self.code_word.clone(),
        }
    }
}

/// One way to reach the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "ContactRouteInput")]
#[serde(rename_all = "camelCase")]
pub struct ContactRoute {
    /// By which channel.
    pub channel: ContactChannel,
    /// Where: an E.164 number such as `+12025550142` for `PHONE` and `TEXT`, an e-mail address, an account, a place, or
    /// which advocate. 1 to 200 characters.
    pub address: String,
}

/// A span of time, on some days of the week, in the person's own time zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "ContactWindowInput")]
#[serde(rename_all = "camelCase")]
pub struct ContactWindow {
    /// The days on which it begins: at least one.
    pub days: Vec<Weekday>,
    /// From when.
    pub from: LocalTime,
    /// Until when, not included; on the next day where that is earlier than its beginning.
    pub until: LocalTime,
}
