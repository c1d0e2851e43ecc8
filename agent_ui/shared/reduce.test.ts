import { describe, expect, it } from 'vitest';
import type { FromServer, Snapshot } from './protocol.gen';
import { apply } from './reduce';

interface Case {
  before: Snapshot;
  frames: FromServer[];
  after: Snapshot;
}

const cases = import.meta.glob<Case>('../../tests/cases/live/*.json', { eager: true, import: 'default' });

describe('a snapshot with its events is the snapshot taken afresh', () => {
  for (const [path, one] of Object.entries(cases)) {
    it(path.replace(/^.*\/(.*)\.json$/, '$1').replaceAll('_', ' '), () => {
      const after = one.frames.reduce(apply, one.before);
      expect({ ...after, position: one.after.position }).toEqual(one.after);
    });

    it(`${path.replace(/^.*\/(.*)\.json$/, '$1').replaceAll('_', ' ')}, with every frame twice`, () => {
      const twice = one.frames.flatMap((frame) => [frame, frame]);
      const after = twice.reduce(apply, one.before);
      expect({ ...after, position: one.after.position }).toEqual(one.after);
    });
  }

  it('has cases to prove it with', () => {
    expect(Object.keys(cases).length).toBeGreaterThan(0);
  });
});
