"""The commonest answers of a log in German, French and Spanish: suggested to its owner, never read."""

from __future__ import annotations

import unicodedata

SPOKEN = {
    "yes": "ja j oui sí vrai verdadero wahr vorhanden présent presente checked",
    "no": "nein n non falsch faux falso nicht_vorhanden absent ausente",
    "unknown": "unbekannt unbek ka k_a keine_angabe keine_angaben nicht_bekannt nicht_erhoben "
    "nicht_dokumentiert fehlend weiß_nicht weiss_nicht inconnu inconnue non_renseigné "
    "non_renseignée non_connu ne_sait_pas nsp desconocido desconocida no_consta sin_dato sin_datos "
    "no_sabe ns/nc",
    "female": "f w weiblich frau féminin femme femenino mujer",
    "male": "m männlich maennlich mann masculin homme masculino hombre varón",
    "other": "d divers anderes andere autre otro otra",
    "none": "kein keine keiner keines aucun aucune ninguno ninguna néant",
    "known": "bekannt connu connue conocido conocida",
    "negative": "negativ négatif négative negativo negativa",
    "positive": "positiv positif positivo positiva",
    "low": "niedrig gering faible bajo baja",
    "moderate": "mittel mäßig maessig moyen moyenne modéré modérée moderado moderada",
    "high": "hoch élevé élevée alto alta",
    "mild": "leicht léger légère leve",
    "severe": "schwer sévère grave severo severa",
}
"""The commonest answers in German, French and Spanish."""


def _plain(word: str) -> str:
    """A word as it is looked up, without accents and points."""
    apart = unicodedata.normalize("NFKD", word.replace(".", ""))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


_MEANT = {_plain(word): answer for answer, said in SPOKEN.items() for word in said.split()}


def meaning(word: str) -> str:
    """The answer that a word, normalised, most likely is; else an empty text."""
    return _MEANT.get(_plain(word), "")
