/** FunctionSetService: named groups of functions. */
import type { FunctionSets, Functions } from '../admission/functions.ts';
import type { Caller } from '../model/caller.ts';
import type {
  FunctionSet,
  OptionalFunctionSetDetailResponse,
  OptionalFunctionSetResponse,
} from '../model/messages.gen.ts';
import type { Handlers } from './handlers.ts';
import { missing } from './refusals.ts';

/** Finding nothing is an answer without data; deleting nothing is `is_success: false`. */
export function functionSetService(
  sets: FunctionSets,
  functions: Functions,
): Handlers<'jobworkerp.function.service.FunctionSetService'> {
  const detail = ({ id, data }: FunctionSet, caller: Caller): OptionalFunctionSetDetailResponse => ({
    data: { ...(id && { id }), ...(data && { data: { ...data, targets: functions.ofTargets(data.targets, caller) } }) },
  });
  return {
    Create: async (data) => ({ id: { value: await sets.create(data) } }),
    Update: async ({ id, data }) => {
      if (!id) throw missing('id');
      if (!data) throw missing('data');
      await sets.update(id.value, data);
      return { is_success: true };
    },
    Delete: async ({ value }) => ({ is_success: await sets.remove(value) }),
    Find: async ({ value }) => optional(await sets.byId(value)),
    FindByName: async ({ name }) => optional(await sets.byName(name)),
    FindList: ({ limit, offset }) => sets.list(limit, offset),
    Count: async () => ({ total: BigInt(await sets.count()) }),
    FindDetail: async ({ value }, { caller }) => {
      const found = await sets.byId(value);
      return found ? detail(found, caller) : {};
    },
    FindDetailByName: async ({ name }, { caller }) => {
      if (name.trim() === '') throw missing('name');
      const found = await sets.byName(name);
      return found ? detail(found, caller) : {};
    },
  };
}

function optional(data: FunctionSet | undefined): OptionalFunctionSetResponse {
  return data ? { data } : {};
}
