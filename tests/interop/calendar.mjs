// Reads a calendar as a calendar program does, with a library that we did not write, and prints its events in the order of
// their days.
import { readFileSync } from "node:fs";
import ical from "node-ical";

const day = (date) =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");

const events = Object.values(ical.sync.parseICS(readFileSync(0, "utf8"))).filter((entry) => entry.type === "VEVENT");
const told = events.map((event) => ({
  uid: event.uid,
  sequence: Number(event.sequence),
  allDay: event.datetype,
  start: day(event.start),
  end: day(event.end),
  summary: event.summary,
  changed: event.lastmodified.toISOString(),
}));
told.sort((one, other) => (one.start + one.summary < other.start + other.summary ? -1 : 1));
console.log(JSON.stringify(told));
