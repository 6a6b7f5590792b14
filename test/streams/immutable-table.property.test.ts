import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { Table } from '../../streams/immutable-table.js';

interface Row {
  readonly id: string;
  readonly value: number;
}

const id = fc.integer({ min: 0, max: 60 }).map(String);
const edit = fc.oneof(
  { weight: 3, arbitrary: fc.record({ set: id, value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ delete: id }) },
);
const batches = fc.array(fc.array(edit, { maxLength: 40 }), { maxLength: 25 });

const byValue = ({ value }: Row): number => value;

function tableOf(rows: readonly Row[]): Table<Row> {
  const draft = new Table(byValue).edit();
  for (const row of rows) draft.set(row);
  return draft.done();
}

function agree(table: Table<Row>, model: ReadonlyMap<string, Row>): void {
  expect(table.rows).toEqual([...model.values()]);
  expect(table.size).toBe(model.size);
  expect(table.total).toBe([...model.values()].reduce((sum, { value }) => sum + value, 0));
  for (const [key, row] of model) expect(table.get(key)).toBe(row);
  expect(table.get('nobody')).toBeUndefined();
}

test.prop([batches])('a table is a Map in which an old version stays as it was', (program) => {
  let table = new Table(byValue);
  const model = new Map<string, Row>();
  const versions: { readonly table: Table<Row>; readonly model: ReadonlyMap<string, Row> }[] = [];
  for (const batch of program) {
    const draft = table.edit();
    for (const step of batch) {
      if ('set' in step) {
        const row = { id: step.set, value: step.value };
        draft.set(row);
        model.set(row.id, row);
        expect(draft.get(row.id)).toBe(row);
      } else {
        draft.delete(step.delete);
        model.delete(step.delete);
        expect(draft.get(step.delete)).toBeUndefined();
      }
    }
    table = draft.done();
    agree(table, model);
    versions.push({ table, model: new Map(model) });
  }
  for (const version of versions) agree(version.table, version.model);
});

test.prop([fc.uniqueArray(id, { minLength: 1 }), fc.nat()])(
  'a row that was not set is the same object as before',
  (ids, at) => {
    const rows = ids.map((key) => ({ id: key, value: 0 }));
    const before = tableOf(rows);
    const changed = ids[at % ids.length] ?? '';
    const draft = before.edit();
    draft.set({ id: changed, value: 1 });
    const after = draft.done();
    after.rows.forEach((row, index) => {
      if (row.id === changed) expect(row.value).toBe(1);
      else expect(row).toBe(before.rows[index]);
    });
    expect(before.get(changed)?.value).toBe(0);
  },
);

test('an edit that changes nothing gives the same table, and reading twice the same array', () => {
  const table = tableOf([{ id: 'a', value: 1 }]);
  const draft = table.edit();
  draft.delete('nobody');
  expect(draft.done()).toBe(table);
  expect(table.rows).toBe(table.rows);
});
