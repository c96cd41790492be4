"""What a scene gives Plex, by the rules of the library that its item is in."""

from plexsync.model.rules.admission import Admission, Places
from plexsync.model.rules.book import RuleBook
from plexsync.model.rules.content_rating import ContentRatingRule, ContentRatings
from plexsync.model.rules.extras import Source
from plexsync.model.rules.facts import PERFORMER_FIELDS, SCENE_FIELDS, TAG_FIELDS
from plexsync.model.rules.gone import WhenGone
from plexsync.model.rules.library import RENDERER_VERSION, Rules
from plexsync.model.rules.names import Names
from plexsync.model.rules.people import Disambiguation, Gender, PeopleRules, PerformerOrder, Shown
from plexsync.model.rules.studios import StudioForm
from plexsync.model.rules.tags import Place, TagRule, TagRules
from plexsync.model.rules.template import Template, TemplateFault, parse
from plexsync.model.rules.wanted import Desired, desired

__all__ = [
    "PERFORMER_FIELDS",
    "RENDERER_VERSION",
    "SCENE_FIELDS",
    "TAG_FIELDS",
    "Admission",
    "ContentRatingRule",
    "ContentRatings",
    "Desired",
    "Disambiguation",
    "Gender",
    "Names",
    "PeopleRules",
    "PerformerOrder",
    "Place",
    "Places",
    "RuleBook",
    "Rules",
    "Shown",
    "Source",
    "StudioForm",
    "TagRule",
    "TagRules",
    "Template",
    "TemplateFault",
    "WhenGone",
    "desired",
    "parse",
]
