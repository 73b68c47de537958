//! Moments as the API writes and reads them (Zendesk reference, section 1).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Cuts a moment to whole seconds: the API never shows a fraction.
pub(super) fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// Reads ISO 8601 with any offset, or a date alone, which means its first moment in UTC.
pub(super) fn read_moment(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(whole_seconds(moment));
    }
    let day: Date = text.parse().ok()?;
    TimeZone::UTC
        .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
        .ok()
}
