"""The knowledge graphs of two national archives: how they are asked is written here, who asks is a setting.

ANTRACT describes the newsreels of INA, the French audiovisual institute: an analysis has a document, the medium, and layers of
segments, the notices. MeMAD describes programmes of Yle and INA by EBUCore: a programme is instantiated by a medium.

Source: ontologies core, notice and antract of INA; EBU Tech 3351 (EBUCore RDF).
"""

from __future__ import annotations

ANTRACT_PREFIXES = ("http://www.ina.fr/", "http://www.campus-AAR.fr/")
ANTRACT_ENDPOINT = "https://okapi.ina.fr/antract/api/saphir/sparql_search"
ANTRACT_QUERY = """\
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX core: <http://www.ina.fr/core#>
PREFIX ina: <http://www.ina.fr/notice.owl#>
PREFIX antract: <http://www.ina.fr/antract#>
SELECT DISTINCT ?media ?locator ?programme ?title ?date ?segment ?segment_title ?start ?end ?person ?person_name ?role
WHERE {
  ?analysis a antract:AntractAnalysis ; core:document ?media .
  FILTER (?media = <URI> || EXISTS { ?analysis core:layer / core:segment <URI> })
  ?media core:instance / core:http_url ?locator .
  {
    OPTIONAL {
      ?analysis core:layer / core:segment ?programme .
      ?programme a ina:NoticeSommaire .
      OPTIONAL { ?programme rdfs:label ?title }
      OPTIONAL { ?programme ina:aPourDateDiffusion ?date }
    }
  } UNION {
    ?analysis core:layer / core:segment ?segment .
    ?segment a ina:NoticeSujet ; rdfs:label ?segment_title ; core:beginTime ?start .
    OPTIONAL { ?segment core:endTime ?end }
    OPTIONAL {
      VALUES ?named { ina:imageContient ina:aPourParticipant ina:aPourInterprete }
      ?segment ?named ?person .
      ?person rdfs:label ?person_name .
      OPTIONAL { ?person ina:aPourNoteQualite ?role }
    }
  }
}
LIMIT 20000
"""

MEMAD_PREFIXES = ("http://data.memad.eu/", "https://data.memad.eu/")
MEMAD_ENDPOINT = "http://data.memad.eu/sparql-endpoint"
MEMAD_QUERY = """\
PREFIX ebucore: <http://www.ebu.ch/metadata/ontologies/ebucore/ebucore#>
SELECT DISTINCT ?media ?locator ?programme ?title ?date ?channel ?description ?segment ?segment_title ?start ?end
                ?person ?person_name ?role
WHERE {
  ?programme ebucore:isInstantiatedBy ?media .
  FILTER (?media = <URI> || ?programme = <URI>)
  ?media ebucore:locator ?locator .
  {
    OPTIONAL { ?programme ebucore:title ?title }
    OPTIONAL { ?programme ebucore:description ?description }
    OPTIONAL {
      ?publication ebucore:publishes ?programme .
      OPTIONAL { ?publication ebucore:publicationStartDateTime ?date }
      OPTIONAL { ?publication ebucore:isReleasedBy / ebucore:publicationChannelName ?channel }
    }
  } UNION {
    ?programme ebucore:hasContributor ?person .
    ?person ebucore:agentName ?person_name .
    OPTIONAL { ?person ebucore:hasRole ?role }
  } UNION {
    ?programme ebucore:hasPart ?segment .
    ?segment ebucore:start ?start .
    OPTIONAL { ?segment ebucore:title ?segment_title }
    OPTIONAL { ?segment ebucore:end ?end }
    OPTIONAL { ?segment ebucore:hasContributor ?person . ?person ebucore:agentName ?person_name }
  }
}
LIMIT 20000
"""
