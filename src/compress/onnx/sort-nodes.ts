import { ModelError, quoted } from '../compress-error.js';
import type { GraphMessage, NodeMessage } from './onnx-schema.js';

/**
 * The nodes so that each comes after those that it reads; as they are, where they are so. `given` are the values that no
 * node makes. Throws ModelError `bad_graph` if a value is made twice, is missing or is made from itself.
 */
export function sortNodes(graph: GraphMessage, given: readonly string[]): NodeMessage[] {
  const makers = makersOf(graph.node, given);
  for (const node of graph.node) {
    for (const name of node.input) {
      if (name !== '' && !makers.has(name)) {
        throw badGraph(`${describe(node)} reads ${quoted(name)}, which nothing makes`);
      }
    }
  }
  checkOutputs(graph, makers);
  return isSorted(graph.node, given) ? graph.node : sorted(graph.node, makers);
}

function badGraph(what: string): ModelError {
  return new ModelError('bad_graph', `The graph does not hold together: ${what}.`);
}

function describe(node: NodeMessage): string {
  return `the node ${quoted(node.name)} (${quoted(node.opType)})`;
}

/** Who makes each value: the place of a node in the list, -1 for what is given. */
function makersOf(nodes: readonly NodeMessage[], given: readonly string[]): Map<string, number> {
  const makers = new Map<string, number>();
  for (const name of given) {
    if (name === '' || makers.has(name)) {
      throw badGraph(`two inputs, or none, are named ${quoted(name)}`);
    }
    makers.set(name, -1);
  }
  for (const [place, node] of nodes.entries()) {
    for (const name of node.output) {
      if (name === '') continue;
      if (makers.has(name)) throw badGraph(`${quoted(name)} is made twice`);
      makers.set(name, place);
    }
  }
  return makers;
}

function checkOutputs({ input, output }: GraphMessage, makers: ReadonlyMap<string, number>): void {
  if (output.length === 0) throw badGraph('it has no output');
  if (input.length === 0) throw badGraph('it has no input');
  const names = new Set<string>();
  for (const { name } of output) {
    if (names.has(name)) throw badGraph(`two outputs are named ${quoted(name)}`);
    names.add(name);
    if ((makers.get(name) ?? -1) < 0) throw badGraph(`no node makes the output ${quoted(name)}`);
  }
}

function isSorted(nodes: readonly NodeMessage[], given: readonly string[]): boolean {
  const made = new Set([...given, '']);
  return nodes.every((node) => {
    const ready = node.input.every((name) => made.has(name));
    for (const name of node.output) made.add(name);
    return ready;
  });
}

/** Kahn's algorithm, earlier nodes first among those that are ready. */
function sorted(nodes: readonly NodeMessage[], makers: ReadonlyMap<string, number>): NodeMessage[] {
  const waitingFor = nodes.map(
    ({ input }) => input.filter((name) => (makers.get(name) ?? -1) >= 0).length,
  );
  const readers = nodes.map((): number[] => []);
  for (const [place, { input }] of nodes.entries()) {
    for (const name of input) readers[makers.get(name) ?? -1]?.push(place);
  }
  const ready: number[] = [];
  for (const [place, count] of waitingFor.entries()) if (count === 0) ready.push(place);
  const order: NodeMessage[] = [];
  for (let next = 0; next < ready.length; next += 1) {
    const place = ready[next]!;
    order.push(nodes[place]!);
    for (const reader of readers[place]!) {
      waitingFor[reader]! -= 1;
      if (waitingFor[reader] === 0) ready.push(reader);
    }
  }
  if (order.length < nodes.length) {
    const stuck = nodes[waitingFor.findIndex((count) => count > 0)]!;
    throw badGraph(`${describe(stuck)} is made from itself`);
  }
  return order;
}
