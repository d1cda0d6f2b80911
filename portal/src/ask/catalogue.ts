// Everything that can be asked for: the published structure, and what the registry adds to it.
import { json } from '../api/http';
import { cubeStructure } from '../api/data';
import { useLoad, type Load } from '../ui/load';
import { labelOf, type CubeStructure, type Unit } from '../query';

export interface AttributeInfo {
  data_model_name: string;
  aliases: string[];
  type: string;
  unit: string;
  personal: boolean;
  description: string;
}
interface MeasureInfo {
  data_model_name: string;
  aliases: string[];
  unit: string;
  group: string;
  description: string;
}
/** An attribute or measure to choose. */
export interface Entry {
  name: string;
  label: string;
  category: string;
  description: string;
  unit: string;
  personal: boolean;
}
export interface Catalogue {
  structure: CubeStructure;
  attributes: readonly Entry[];
  measures: readonly Entry[];
  /** By name or other name, in lower case. */
  units: ReadonlyMap<string, Unit>;
  /** True unless the attribute is known to tell of no person: one that is not known might. */
  isPersonal: (name: string) => boolean;
  labelOf: (name: string) => string;
}

let loaded: Promise<Catalogue> | undefined;

/** Asked for once. */
export function loadCatalogue(): Promise<Catalogue> {
  loaded ??= load().catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}
export const useCatalogue = (): Load<Catalogue> => useLoad(loadCatalogue, []);

async function load(): Promise<Catalogue> {
  const [structure, registry] = await Promise.all([
    cubeStructure<CubeStructure>(),
    json<{ attributes: AttributeInfo[]; measures: MeasureInfo[] }>('/api/v1/registry'),
  ]);
  const attributeInfo = byName(registry.attributes);
  const measureInfo = byName(registry.measures);
  const units = new Map<string, Unit>();
  for (const [name, info] of [...attributeInfo, ...measureInfo]) units.set(name, info.unit);
  const attributes = structure.Dimensions.flatMap((category) => category.Attributes.map((entry) => {
    const info = attributeInfo.get(entry.DataModelName.toLowerCase());
    return { name: entry.DataModelName, label: entry.FriendlyName, category: category.Category,
             description: entry.Description ?? '', unit: info?.unit ?? '',
             personal: info?.personal ?? true };
  }));
  const measures = structure.Measurements.map((entry) => {
    const info = measureInfo.get(entry.DataModelName.toLowerCase());
    return { name: entry.DataModelName, label: entry.FriendlyName, category: info?.group ?? '',
             description: entry.Description ?? '', unit: info?.unit ?? '', personal: false };
  });
  return {
    structure, attributes, measures, units, labelOf,
    isPersonal: (name) => attributeInfo.get(name.trim().toLowerCase())?.personal ?? true,
  };
}

function byName<T extends { data_model_name: string; aliases: string[] }>(rows: readonly T[]): Map<string, T> {
  const map = new Map<string, T>();
  for (const row of rows) for (const name of [row.data_model_name, ...row.aliases]) map.set(name.toLowerCase(), row);
  return map;
}

/**
 * The entries that have every word of the search somewhere, best first: words in the name count more
 * than words in the description, and at the beginning more than within.
 */
export function searchEntries(entries: readonly Entry[], search: string): Entry[] {
  const words = search.toLowerCase().split(/[\s.[\]]+/).filter((word) => word !== '');
  if (words.length === 0) return [...entries];
  const scored = entries.map((entry, index) => {
    const label = entry.label.toLowerCase();
    const category = entry.category.toLowerCase();
    const description = entry.description.toLowerCase();
    let score = 0;
    for (const word of words) {
      const one = label === word ? 12 : label.startsWith(word) ? 8 : label.includes(` ${word}`) ? 6
        : label.includes(word) ? 4 : category.startsWith(word) ? 4 : category.includes(word) ? 3
        : description.includes(word) ? 1 : 0;
      if (one === 0) return { entry, index, score: 0 };
      score += one;
    }
    return { entry, index, score };
  });
  return scored.filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index).map((one) => one.entry);
}
