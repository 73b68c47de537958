//! Times as people write them, and how searches compare them (facts, 1).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::condition::{Operator, Test};

/// A time as the database keeps it.
pub(super) fn stored(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Reads a time in a zone. What stands behind the seconds is ignored, `Z` and `UTC` too.
pub(super) fn read(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    let day = SignedDuration::from_hours(24);
    match text.to_lowercase().as_str() {
        "now" | "today" => return Some(now),
        "yesterday" => return now.checked_sub(day).ok(),
        "tomorrow" => return now.checked_add(day).ok(),
        _ => {}
    }
    if let Some(ago) = text.strip_suffix(" ago") {
        let (number, unit) = ago.split_once(' ')?;
        let seconds: i64 = match unit.trim_end_matches('s') {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => 24 * 3600,
            "week" => 7 * 24 * 3600,
            _ => return None,
        };
        let ago = SignedDuration::from_secs(seconds.checked_mul(number.trim().parse().ok()?)?);
        return now.checked_sub(ago).ok();
    }
    let seconds = text.get(..19).map(|text| text.replace('T', " "));
    let exact = seconds.and_then(|text| DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok());
    let day = || {
        Date::strptime("%Y-%m-%d", text)
            .ok()
            .map(|day| day.at(0, 0, 0, 0))
    };
    let civil = exact.or_else(day)?;
    let time = civil.to_zoned(zone.clone()).ok()?.timestamp();
    (time >= Timestamp::UNIX_EPOCH).then_some(time)
}

/// Reads a time in UTC in one of the two forms that RT writes, and in no other.
pub(super) fn exact(text: &str) -> Option<Timestamp> {
    let seconds = text.strip_suffix('Z').unwrap_or(text).replace('T', " ");
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", seconds).ok()?;
    let time = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}

/// Whether a date may be tested so; the error is RT's message.
pub(super) fn check(test: &Test) -> Result<(), String> {
    match test.operator {
        Operator::Is
        | Operator::Above
        | Operator::Below
        | Operator::AtLeast
        | Operator::AtMost
        | Operator::IsNull
        | Operator::IsSet => Ok(()),
        operator => Err(format!("Invalid Date Op: {}", operator.written())),
    }
}

/// Whether a date fits. With `.DateTime` it is compared as it is stored; else the value is read in the zone of the
/// caller, what cannot be read is 1970, and `=` means the whole day. A date that is not set fits nothing.
pub(super) fn fits(test: &Test, date: Option<Timestamp>, zone: &TimeZone, now: Timestamp) -> bool {
    match test.operator {
        Operator::IsNull => return date.is_none(),
        Operator::IsSet => return date.is_some(),
        _ => {}
    }
    let Some(date) = date else {
        return false;
    };
    let is_exact = test
        .subkey
        .as_deref()
        .is_some_and(|key| key.eq_ignore_ascii_case("datetime"));
    let is_text = !test.is_quoted && test.value != "0";
    if is_exact || is_text {
        return test.operator.fits(stored(date).as_str().cmp(&test.value));
    }
    if let Some(subkey) = &test.subkey {
        let is_day = matches!(subkey.to_lowercase().as_str(), "date" | "daily");
        let day = date.strftime("%Y-%m-%d").to_string();
        return is_day && test.operator.fits(day.as_str().cmp(&test.value));
    }
    let value = read(&test.value, zone, now).unwrap_or(Timestamp::UNIX_EPOCH);
    if test.operator == Operator::Is {
        let day = value.to_zoned(zone.clone()).start_of_day();
        let next = day
            .as_ref()
            .ok()
            .and_then(|day| day.checked_add(1.day()).ok());
        return match (day, next) {
            (Ok(day), Some(next)) => day.timestamp() <= date && date < next.timestamp(),
            _ => false,
        };
    }
    test.operator.fits(date.cmp(&value))
}
