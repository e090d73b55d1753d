"""Results as text: the report, the JSON record, the diff, verification, calibration."""
