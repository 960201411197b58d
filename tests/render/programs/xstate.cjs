// Steps XState's own machines: [{machine, cases: [{state, event, guards}]}] in, [[{state, actions}]] out.
const { createMachine, transition } = require("xstate");

let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const found = JSON.parse(text).map(({ machine, cases }) => {
    let values = {};
    const holds = (guard) => {
      if (typeof guard === "string") return values[guard];
      return guard.type === "not" ? !values[guard.params.guard] : guard.params.guards.every(holds);
    };
    const guards = { and: (_, { guards }) => guards.every(holds), not: (_, { guard }) => !values[guard] };
    for (const one of cases) for (const name of Object.keys(one.guards)) guards[name] = () => values[name];
    const made = createMachine(machine, { guards });
    return cases.map((one) => {
      values = one.guards;
      const [after, actions] = transition(made, made.resolveState({ value: one.state }), { type: one.event });
      return { state: after.value, actions: actions.map((action) => action.type) };
    });
  });
  process.stdout.write(JSON.stringify(found));
});
