//! Moments as the API writes and reads them (Freshdesk reference, section 3).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Cuts a moment to whole seconds: the API never shows a fraction.
pub(super) fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// Reads a moment in one of the accepted forms: a date alone, or with `T` and minutes or
/// seconds, with `Z`, `±hh`, `±hhmm`, `±hh:mm` or no zone, which means UTC.
pub(super) fn read_moment(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00Z"));
    let date = read_date(date)?;
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let mut parts = clock.split(':').map(two_digits);
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;

    TimeZone::fixed(read_zone(zone)?)
        .to_timestamp(date.to_datetime(time))
        .ok()
}

/// Reads `YYYY-MM-DD`, the only form of a custom date.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let year = digits(year)?;
    let (month, day) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);

    Date::new(year, month, day).ok()
}

/// The first moment of a day, in UTC.
pub(super) fn day_start(day: Date) -> Option<Timestamp> {
    let midnight = day.to_datetime(jiff::civil::Time::midnight());
    TimeZone::UTC.to_timestamp(midnight).ok()
}

/// Reads the part after the clock.
fn read_zone(text: &str) -> Option<Offset> {
    if text.is_empty() || text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let figures: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match figures.len() {
        2 => (two_digits(&figures)?, 0),
        4 => (
            two_digits(figures.get(..2)?)?,
            two_digits(figures.get(2..)?)?,
        ),
        _ => return None,
    };
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;

    Offset::from_seconds(sign * seconds).ok()
}

/// Reads exactly two digits.
fn two_digits(text: &str) -> Option<i8> {
    (text.len() == 2).then(|| digits(text)).flatten()
}

/// Reads digits and nothing else: `parse` alone would take a sign.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}
