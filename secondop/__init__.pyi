"""Where each public name is at home: for editors and type checkers, and for `__init__.py`, which loads it."""
# isort: skip_file

from secondop import figures as figures, teaching as teaching
from secondop.cohorts.calibrate import calibrate as calibrate, fit_report as fit_report
from secondop.cohorts.calibrate import identifiability as identifiability, recentred as recentred
from secondop.cohorts.draws import draw_parameters as draw_parameters
from secondop.cohorts.outcomes import along as along, expected_rates as expected_rates
from secondop.cohorts.scenario import Scenario as Scenario
from secondop.cohorts.scenario_file import load_scenario as load_scenario, read_scenario as read_scenario
from secondop.cohorts.simulate import Gaps as Gaps, simulate as simulate, simulate_batches as simulate_batches
from secondop.datafiles import data_path as data_path
from secondop.errors import CasesError as CasesError, SecondopError as SecondopError
from secondop.errors import UnknownNameError as UnknownNameError
from secondop.evaluation.books import all_books as all_books, flipped as flipped, reform as reform
from secondop.evaluation.cohort import Cohort as Cohort
from secondop.evaluation.comparison import compare as compare
from secondop.evaluation.departures import departures as departures, verification_bias as verification_bias
from secondop.evaluation.knowledge import contrast_anchors as contrast_anchors, triage_lifts as triage_lifts
from secondop.evaluation.knowledge import yield_range as yield_range
from secondop.evaluation.learned import BIOPSIES as BIOPSIES, biopsy_readings as biopsy_readings
from secondop.evaluation.learned import second_readings as second_readings
from secondop.evaluation.learned import calibration as calibration, same_volume as same_volume
from secondop.evaluation.learning import imitation_tree as imitation_tree, importance as importance
from secondop.evaluation.learning import learned_triage as learned_triage
from secondop.evaluation.people import flow as flow, natural_frequencies as natural_frequencies
from secondop.evaluation.people import of_100 as of_100
from secondop.evaluation.published import pool as pool, published_contrasts as published_contrasts
from secondop.evaluation.published import published_rates as published_rates, rate as rate
from secondop.evaluation.rates import attrition as attrition, firing_rates as firing_rates, overlap as overlap
from secondop.evaluation.rates import overlap_members as overlap_members
from secondop.evaluation.sensitivity import propagate as propagate, tornado as tornado
from secondop.evaluation.tradeoff import decision_curve as decision_curve, net_benefit as net_benefit
from secondop.evaluation.tradeoff import tradeoff as tradeoff, wide as wide
from secondop.evaluation.uncertainty import bands as bands, best_policies as best_policies
from secondop.evaluation.uncertainty import net_benefits as net_benefits
from secondop.guideline.defaults import assess as assess, check_cases as check_cases, explain as explain
from secondop.guideline.defaults import fact as fact, facts_table as facts_table
from secondop.guideline.defaults import mapping_template as mapping_template, read_cases as read_cases
from secondop.guideline.defaults import worth_recording as worth_recording
from secondop.guideline.second_opinion import RULE_BOOK as RULE_BOOK
from secondop.guideline.sgb27b import SGB27B as SGB27B
from secondop.readers.agreement import agreement as agreement, plan_audit as plan_audit
from secondop.readers.model import ReaderModel as ReaderModel
from secondop.readers.ratings import opinions_from_ratings as opinions_from_ratings
from secondop.readers.strategies import Strategy as Strategy, read_strategies as read_strategies
from secondop.reports import report as report
from secondop.rules.cases import MissingFactsWarning as MissingFactsWarning
from secondop.rules.conditions import at_least as at_least
from secondop.rules.doubts import RowsWarning as RowsWarning
from secondop.rules.facts import Fact as Fact, Kind as Kind, category as category, count as count
from secondop.rules.facts import flag as flag, number as number, ordered as ordered
from secondop.rules.rulebook import RuleBook as RuleBook
from secondop.rules.rules import Advice as Advice, Amplifier as Amplifier
from secondop.rules.rules import CounterIndication as CounterIndication, Grade as Grade
from secondop.rules.rules import Indication as Indication, Level as Level, Source as Source
from secondop.rules.spellings import MissingCodesWarning as MissingCodesWarning
from secondop.tables import show as show
from secondop.teaching.class_answers import AnswerFilesWarning as AnswerFilesWarning
from secondop.teaching.class_answers import class_answers as class_answers
from secondop.words import glossary as glossary

__version__: str
