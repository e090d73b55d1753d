"""What use has taught: the store of runs and reported outcomes, and the estimate that stands on it."""

from skill_distiller.calibration.entry import CalibrationEntry, Outcome, Result
from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate, Stage, calibrate
from skill_distiller.calibration.ledger import Ledger
from skill_distiller.calibration.report import Report, parse_reports
from skill_distiller.calibration.store import CalibrationStore

__all__ = [
    "UNCALIBRATED",
    "CalibrationEntry",
    "CalibrationStore",
    "Estimate",
    "Ledger",
    "Outcome",
    "Report",
    "Result",
    "Stage",
    "calibrate",
    "parse_reports",
]
