// What the published declarations promise beyond that they compile: each type that an entry names can be imported from that
// entry, and an option may be given as `undefined`, which exactOptionalPropertyTypes makes a matter of its own.
import ts from 'typescript';

/** Entries that need no other beside them. */
const SELF_CONTAINED = ['noex', 'noex/distribution', 'noex/streams'];

/** Names of types that callers write as object literals. */
const OPTIONS = /(Options|Config|Settings|Spec|Template|Intensity)$/;

/**
 * @param entries the declaration file of each entry, by the name it is imported by
 * @param folder where the package is installed
 * @param compilerOptions as in a tsconfig.json
 * @returns how many option types there are
 */
export function checkDeclarations(entries, folder, compilerOptions) {
  const { options: settings } = ts.convertCompilerOptionsFromJson(compilerOptions, folder);
  const program = ts.createProgram(Object.values(entries), settings);
  const checker = program.getTypeChecker();
  const isOurs = (symbol) => symbol.declarations?.some((node) => node.getSourceFile().fileName.startsWith(folder));
  const problems = [];
  const options = new Map();
  const exportsOf = new Map(Object.entries(entries).map(([name, file]) => [name, exportsIn(checker, program, file)]));
  for (const [name, exported] of exportsOf) {
    const known = new Set(SELF_CONTAINED.includes(name) ? exported : [...exportsOf.values()].flat());
    for (const symbol of exported) {
      for (const missing of typesMissing(checker, symbol, known, isOurs)) {
        problems.push(`${name}: ${symbol.name} names ${missing}, which cannot be imported from there`);
      }
    }
    for (const [label, type] of optionTypes(checker, exported)) options.set(label, type);
  }
  for (const [label, type] of options) {
    for (const property of type.getProperties()) {
      if (property.flags & ts.SymbolFlags.Optional && !takesUndefined(checker, property)) {
        problems.push(`${label}.${property.name} does not take undefined`);
      }
    }
  }
  if (problems.length > 0) throw new Error([...new Set(problems)].join('\n'));
  return options.size;
}

/** What an entry exports, and what it exports under another name: `type Ours = Theirs<NodeId>` stands for `Theirs`. */
function exportsIn(checker, program, file) {
  const exported = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))
    .map((symbol) => resolved(checker, symbol));
  const targets = exported.flatMap((symbol) => {
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined || !ts.isTypeAliasDeclaration(declaration)) return [];
    const target = ts.isTypeReferenceNode(declaration.type) && checker.getSymbolAtLocation(declaration.type.typeName);
    return target ? [resolved(checker, target)] : [];
  });
  return [...new Set([...exported, ...targets])];
}

function resolved(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The types that the declarations of `symbol` name, its module exports, and the entry does not. */
function typesMissing(checker, symbol, exported, isOurs) {
  const missing = new Set();
  const seen = new Set();
  const visitSymbol = (named) => {
    if (seen.has(named)) return;
    seen.add(named);
    for (const declaration of named.declarations ?? []) visit(declaration);
  };
  const visit = (node) => {
    const named = namedBy(checker, node);
    if (named !== undefined && isOurs(named) && !exported.has(named)) {
      if (isExportedByItsModule(checker, named)) missing.add(named.name);
      // What its own module does not export is a part of what names it.
      else visitSymbol(named);
    }
    if (!isPrivate(node)) ts.forEachChild(node, visit);
  };
  visitSymbol(symbol);
  return missing;
}

/** The symbol of the type that a node refers to, if it does. */
function namedBy(checker, node) {
  if (!(ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node) || ts.isImportTypeNode(node))) return;
  const place = ts.isImportTypeNode(node) ? node.qualifier : (node.typeName ?? node.expression);
  const symbol = place && checker.getSymbolAtLocation(place);
  return symbol && resolved(checker, symbol);
}

function isPrivate(node) {
  return ts.canHaveModifiers(node) && ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private;
}

function isExportedByItsModule(checker, symbol) {
  const file = symbol.declarations[0].getSourceFile();
  const module = checker.getSymbolAtLocation(file);
  return module !== undefined && checker.getExportsOfModule(module).some((each) => resolved(checker, each) === symbol);
}

/** Exported types of that kind by their name, and those written in place as the type of a parameter. */
function* optionTypes(checker, exported) {
  for (const symbol of exported) {
    if (symbol.flags & ts.SymbolFlags.Type && OPTIONS.test(symbol.name)) {
      yield [symbol.name, checker.getDeclaredTypeOfSymbol(symbol)];
    }
    for (const declaration of symbol.declarations ?? []) yield* inPlace(checker, declaration, symbol.name);
  }
}

function* inPlace(checker, node, label) {
  if (ts.isParameter(node) && node.type !== undefined && ts.isTypeLiteralNode(node.type)) {
    yield [`${label}(${node.name.getText()})`, checker.getTypeAtLocation(node.type)];
  }
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* inPlace(checker, child, label);
}

/** Whether `undefined` is a value of it, and not only its absence. */
function takesUndefined(checker, property) {
  const [declaration] = property.declarations;
  if (ts.isMethodSignature(declaration)) return false;
  const type = checker.getTypeFromTypeNode(declaration.type);
  const parts = type.isUnion() ? type.types : [type];
  return parts.some(({ flags }) => flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Any | ts.TypeFlags.Unknown));
}
