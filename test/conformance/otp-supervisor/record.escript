#!/usr/bin/env escript
%% Records what OTP's supervisor does in scenarios that the 400 of scenarios.json do not hold: children of a template, nested
%% supervisors, time-outs, and finite windows of restarts. Prints JSON; takes about two minutes.
%%
%%   escript record.escript > more-scenarios.json
-mode(compile).
-export([init/1, start_worker/3, start_supervisor/3, worker/4]).

%% ms
-define(UNIT, 200).

main(_) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    rand:seed(exsss, {1, 2, 3}),
    Dynamic = [dynamic(N) || N <- lists:seq(1, 80)],
    Nested = [nested(N) || N <- lists:seq(1, 80)],
    Slow = [slow(N) || N <- lists:seq(1, 48)],
    Window = [window(N) || N <- lists:seq(1, 32)],
    All = parallel(Dynamic, 4) ++ parallel(Nested, 4) ++ parallel(Slow, 6) ++ parallel(Window, 32),
    io:format("[~n~ts~n]~n", [lists:join(",\n", [json(S) || S <- All])]).

parallel([], _) -> [];
parallel(Scenarios, Most) ->
    {Now, Later} = lists:split(min(Most, length(Scenarios)), Scenarios),
    Self = self(),
    Refs = [begin Ref = make_ref(), spawn(fun() -> Self ! {Ref, record(S)} end), Ref end || S <- Now],
    [receive {Ref, Done} -> Done end || Ref <- Refs] ++ parallel(Later, Most).

%% --- Scenarios ---

any(List) -> lists:nth(rand:uniform(length(List)), List).
some(Most) -> rand:uniform(Most).

dynamic(N) ->
    Auto = any([never, never, any_significant, all_significant]),
    Restart = any([permanent, transient, temporary]),
    Significant = Auto =/= never andalso Restart =/= permanent,
    Template = #{type => worker, id => '', restart => Restart, significant => Significant, shutdown => any([0, 50]), slow => 0},
    Sup = #{type => supervisor, id => top, strategy => simple_one_for_one, autoShutdown => Auto,
            maxRestarts => any([0, 1, 2, 3, 100]), children => [Template]},
    Labels = [a, b, c, d, e],
    Op = fun(_) -> case some(10) of
        X when X =< 4 -> #{op => add, id => any(Labels)};
        X when X =< 7 -> ends(top, Labels);
        8 -> #{op => fail, id => any(Labels), n => some(3)};
        _ -> #{op => terminate, parent => top, id => any(Labels)}
    end end,
    Adds = [#{op => add, id => L} || L <- lists:sublist(Labels, some(3))],
    #{kind => dynamic, n => N, supervisor => Sup, ops => Adds ++ lists:map(Op, lists:seq(1, 8)) ++ [#{op => stop}]}.

ends(Parent, Labels) ->
    Chosen = [L || L <- Labels, some(3) =:= 1],
    List = case Chosen of [] -> [any(Labels)]; _ -> Chosen end,
    #{op => ends, parent => Parent, list => [[L, any([crash, crash, normal, shutdown])] || L <- List]}.

nested(N) ->
    put(next, $a),
    Sup = supervisor(top, 2, any([never, any_significant, all_significant])),
    Parents = parents(Sup),
    Op = fun(_) ->
        {Parent, Children} = any(Parents),
        Workers = [Id || #{type := worker, id := Id} <- Children],
        Ids = [Id || #{id := Id} <- Children],
        case some(10) of
            X when X =< 6, Workers =/= [] -> ends(Parent, Workers);
            7 -> #{op => fail, id => any(Ids), n => some(3)};
            8 -> #{op => terminate, parent => Parent, id => any(Ids)};
            9 -> #{op => restart, parent => Parent, id => any(Ids)};
            _ -> #{op => fail, id => any(Ids), n => 1}
        end end,
    #{kind => nested, n => N, supervisor => Sup, ops => lists:map(Op, lists:seq(1, 10)) ++ [#{op => stop}]}.

supervisor(Id, Depth, Auto) ->
    Children = [child(Depth, Auto) || _ <- lists:seq(1, 1 + some(2))],
    #{type => supervisor, id => Id, strategy => any([one_for_one, one_for_all, rest_for_one]), autoShutdown => Auto,
      maxRestarts => any([0, 1, 2, 100]), children => Children}.

child(Depth, Auto) ->
    Id = list_to_atom([get(next)]),
    put(next, get(next) + 1),
    Restart = any([permanent, permanent, transient, temporary]),
    Significant = Auto =/= never andalso Restart =/= permanent andalso some(2) =:= 1,
    Common = #{restart => Restart, significant => Significant},
    case Depth > 0 andalso some(2) =:= 1 of
        true -> maps:merge(supervisor(Id, Depth - 1, any([never, any_significant, all_significant])), Common#{shutdown => infinity});
        false -> Common#{type => worker, id => Id, shutdown => 50, slow => 0}
    end.

parents(#{type := supervisor, id := Id, children := Children}) ->
    [{Id, Children} | lists:append([parents(C) || C <- Children])];
parents(_) -> [].

%% Times are in units.
slow(N) ->
    Labels = [a, b, c, d],
    Dynamic = N rem 3 =:= 0,
    Child = fun(Id) -> {Shutdown, Slow} = any([{0, 0}, {0, 1}, {3, 0}, {3, 1}, {3, hang}, {3, hang}, {infinity, 1}, {infinity, 4}]),
        #{type => worker, id => Id, restart => any([permanent, transient]), significant => false, shutdown => Shutdown, slow => Slow} end,
    Children = case Dynamic of true -> [Child('')]; false -> [Child(Id) || Id <- Labels] end,
    Strategy = case Dynamic of true -> simple_one_for_one; false -> any([one_for_one, one_for_all, rest_for_one]) end,
    Sup = #{type => supervisor, id => top, strategy => Strategy, autoShutdown => never, maxRestarts => 100, children => Children},
    Adds = case Dynamic of true -> [#{op => add, id => L} || L <- Labels]; false -> [] end,
    Op = fun(_) -> case some(2) of
        1 -> #{op => ends, parent => top, list => [[any(Labels), crash]]};
        2 -> #{op => terminate, parent => top, id => any(Labels)}
    end end,
    #{kind => slow, n => N, supervisor => Sup, ops => Adds ++ lists:map(Op, lists:seq(1, some(3))) ++ [#{op => stop}]}.

%% 50 units are 10 s. Waits add up to 3, 6 or 9 s, or to 12 s and more: OTP counts whole seconds.
window(N) ->
    Worker = fun(Id) -> #{type => worker, id => Id, restart => permanent, significant => false, shutdown => 50, slow => 0} end,
    Sup = #{type => supervisor, id => top, strategy => one_for_one, autoShutdown => never, maxRestarts => any([1, 2, 3]),
            withinUnits => 50, children => [Worker(a), Worker(b)]},
    Op = fun(_) -> case some(5) of
        1 -> #{op => wait, units => 60};
        2 -> #{op => wait, units => 15};
        _ -> #{op => ends, parent => top, list => [[any([a, b]), any([crash, normal])]]}
    end end,
    #{kind => window, n => N, supervisor => Sup, ops => lists:map(Op, lists:seq(1, 9))}.

%% --- Recording ---

record(#{supervisor := Sup, ops := Ops} = Scenario) ->
    process_flag(trap_exit, true),
    Rec = self(),
    put(log, []), put(killed, []), put(failures, #{}), put(pids, #{}),
    Runner = spawn_link(fun() ->
        process_flag(trap_exit, true),
        {ok, Top} = start_supervisor(Rec, Sup, top),
        receive {stop, Top, From} -> exit(Top, shutdown), receive {'EXIT', Top, _} -> From ! stopped end;
                {'EXIT', Top, _} -> ok end
    end),
    {First, _} = step(fun() -> wait_for(top) end),
    Steps = steps(Ops, Runner, [First]),
    unlink(Runner), exit(Runner, kill),
    Scenario#{expected => [shortened(Step, Scenario) || Step <- lists:reverse(Steps)]}.

%% Durations mean something only where children are slow.
shortened(Step, #{kind := Kind}) ->
    maps:filter(fun(units, _) -> Kind =:= slow; (killed, Ids) -> Ids =/= []; (_, _) -> true end, Step).

steps([], _, Steps) -> Steps;
steps(_, _, [#{children := dead} | _] = Steps) -> Steps;
steps([Op | Ops], Runner, Steps) ->
    {Step, Units} = step(fun() -> apply_op(Op, Runner) end),
    steps(Ops, Runner, [case maps:get(op, Op) of wait -> Step; _ -> Step#{units => Units} end | Steps]).

%% Runs in the recording process, which serves the workers meanwhile.
step(Act) ->
    Rec = self(),
    Begun = erlang:monotonic_time(millisecond),
    {Pid, Ref} = spawn_monitor(fun() -> put(rec, Rec), Act() end),
    Busy = serve(Pid, Ref, Begun),
    Step = #{log => lists:reverse(get(log)), killed => lists:sort(get(killed)), children => tree()},
    put(log, []), put(killed, []),
    {Step, round((Busy - Begun) / ?UNIT)}.

serve(Pid, Ref, Last) ->
    receive
        {'DOWN', Ref, process, Pid, _} -> settle(Last);
        Message -> handle(Message), serve(Pid, Ref, erlang:monotonic_time(millisecond))
    end.

%% Nothing has happened for a while, and all supervisors are idle. Returns when something happened last.
settle(Last) ->
    receive Message -> case handle(Message) of true -> settle(erlang:monotonic_time(millisecond)); false -> settle(Last) end
    after 60 ->
        Pids = maps:values(get(pids)),
        Idle = lists:all(fun({worker, _}) -> true;
                            ({supervisor, P}) -> case process_info(P, [current_function, message_queue_len]) of
                                undefined -> true;
                                [{current_function, {gen_server, loop, _}}, {message_queue_len, 0}] -> true;
                                _ -> false end end, Pids),
        case Idle of true -> Last; false -> settle(erlang:monotonic_time(millisecond)) end
    end.

handle({log, Entry}) -> put(log, [Entry | get(log)]), true;
handle({may_start, From, Id}) ->
    Left = maps:get(Id, get(failures), 0),
    put(failures, (get(failures))#{Id => Left - 1}),
    put(log, [[case Left > 0 of true -> $!; false -> $+ end, atom_to_list(Id)] | get(log)]),
    From ! {may_start, Left =< 0}, true;
handle({started, worker, Id, Pid, From}) ->
    put(pids, (get(pids))#{Id => {worker, Pid}}),
    put({label, monitor(process, Pid)}, Id),
    From ! monitored, true;
handle({started, supervisor, Id, Pid}) -> put(pids, (get(pids))#{Id => {supervisor, Pid}}), true;
handle({'DOWN', Ref, process, _, Reason}) ->
    case {erase({label, Ref}), Reason} of
        {undefined, _} -> ok;
        {Id, killed} -> put(killed, [atom_to_list(Id) | get(killed)]);
        _ -> ok
    end, true;
handle({fail, Id, N}) -> put(failures, (get(failures))#{Id => N}), true;
handle({where, From, Id}) -> From ! {where, maps:get(Id, get(pids), undefined)}, false;
handle(_) -> false.

where(Id) -> get(rec) ! {where, self(), Id}, receive {where, Found} -> Found end.

wait_for(Id) -> case where(Id) of undefined -> timer:sleep(5), wait_for(Id); _ -> ok end.

apply_op(#{op := ends, parent := Parent, list := List}, _) ->
    case where(Parent) of
        {supervisor, Sup} ->
            case is_process_alive(Sup) of
                true ->
                    erlang:suspend_process(Sup),
                    [case where(Id) of
                         {worker, Pid} ->
                             Ref = monitor(process, Pid), Pid ! {ends, How},
                             receive {'DOWN', Ref, process, Pid, _} -> ok end;
                         _ -> ok
                     end || [Id, How] <- List],
                    erlang:resume_process(Sup);
                false -> ok
            end;
        _ -> ok
    end;
apply_op(#{op := fail, id := Id, n := N}, _) -> get(rec) ! {fail, Id, N};
apply_op(#{op := add, id := Id}, _) ->
    {supervisor, Sup} = where(top),
    case where(Id) of
        {worker, Pid} -> case is_process_alive(Pid) of true -> ok; false -> supervisor:start_child(Sup, [Id]) end;
        undefined -> supervisor:start_child(Sup, [Id])
    end;
apply_op(#{op := terminate, parent := Parent, id := Id}, _) -> request(terminate_child, Parent, Id);
apply_op(#{op := restart, parent := Parent, id := Id}, _) -> request(restart_child, Parent, Id);
apply_op(#{op := wait, units := Units}, _) -> timer:sleep(Units * ?UNIT);
apply_op(#{op := stop}, Runner) ->
    {supervisor, Top} = where(top),
    Runner ! {stop, Top, self()}, receive stopped -> ok end.

request(Function, Parent, Id) ->
    case where(Parent) of
        {supervisor, Sup} ->
            case is_process_alive(Sup) of
                false -> ok;
                true ->
                    case {is_template(Sup), where(Id)} of
                        {true, {_, Pid}} -> supervisor:Function(Sup, Pid);
                        {true, undefined} -> ok;
                        _ -> supervisor:Function(Sup, Id)
                    end
            end;
        undefined -> ok
    end.

is_template(Sup) ->
    {ok, Spec} = case supervisor:get_childspec(Sup, '') of {error, _} -> {ok, none}; Found -> Found end,
    Spec =/= none.

%% `a=up b(c=down)=up`, in start order; the children of a template sorted.
tree() ->
    case get(pids) of
        #{top := {supervisor, Top}} -> case is_process_alive(Top) of true -> tree(Top); false -> dead end;
        _ -> dead
    end.

tree(Sup) ->
    Labels = maps:from_list([{Pid, Id} || {Id, {_, Pid}} <- maps:to_list(get(pids))]),
    Text = fun({undefined, Pid, _, _}) when is_pid(Pid) -> [atom_to_list(maps:get(Pid, Labels)), "=up"];
              ({Id, Pid, supervisor, _}) when is_pid(Pid) -> [atom_to_list(Id), $(, tree(Pid), ")=up"];
              ({Id, Pid, _, _}) when is_pid(Pid) -> [atom_to_list(Id), "=up"];
              ({Id, _, _, _}) -> [atom_to_list(Id), "=down"] end,
    Children = supervisor:which_children(Sup),
    Texts = [lists:flatten(Text(C)) || C <- lists:reverse(Children)],
    lists:flatten(lists:join($\s, case Children of [{undefined, _, _, _} | _] -> lists:sort(Texts); _ -> Texts end)).

%% --- Supervisors and workers ---

start_supervisor(Rec, #{id := Id} = Sup, _) ->
    case Id =:= top orelse may_start(Rec, Id) of
        true -> supervisor:start_link(?MODULE, {Rec, Sup});
        false -> {error, boom}
    end.

init({Rec, #{id := Id, strategy := Strategy, autoShutdown := Auto, maxRestarts := Max, children := Children} = Sup}) ->
    Rec ! {started, supervisor, Id, self()},
    Flags = #{strategy => Strategy, auto_shutdown => Auto, intensity => Max, period => maps:get(withinUnits, Sup, 1000000) * ?UNIT div 1000},
    {ok, {Flags, [spec(Rec, C) || C <- Children]}}.

spec(Rec, #{type := Type, id := Id, restart := Restart, significant := Significant, shutdown := Shutdown} = Child) ->
    Start = case {Type, Id} of
        {supervisor, _} -> {?MODULE, start_supervisor, [Rec, Child, Id]};
        {worker, ''} -> {?MODULE, start_worker, [Rec, Child]};
        {worker, _} -> {?MODULE, start_worker, [Rec, Child, Id]}
    end,
    Limit = case Shutdown of 0 -> brutal_kill; infinity -> infinity; Units -> Units * ?UNIT end,
    #{id => Id, start => Start, restart => Restart, significant => Significant, shutdown => Limit, type => Type}.

may_start(Rec, Id) -> Rec ! {may_start, self(), Id}, receive {may_start, May} -> May end.

start_worker(Rec, #{slow := Slow}, Id) ->
    case may_start(Rec, Id) of
        false -> {error, boom};
        true ->
            {ok, Pid} = proc_lib:start_link(?MODULE, worker, [self(), Rec, Id, Slow]),
            Rec ! {started, worker, Id, Pid, self()},
            receive monitored -> {ok, Pid} end
    end.

worker(Parent, Rec, Id, Slow) ->
    process_flag(trap_exit, true),
    proc_lib:init_ack({ok, self()}),
    receive
        {ends, How} -> Rec ! {log, [$-, atom_to_list(Id), $:, atom_to_list(How)]}, exit(How);
        {'EXIT', Parent, Reason} ->
            Rec ! {log, [$-, atom_to_list(Id), $:, atom_to_list(Reason)]},
            timer:sleep(case Slow of hang -> infinity; _ -> Slow * ?UNIT end),
            exit(Reason)
    end.

%% --- JSON ---

json(Map) when is_map(Map) ->
    Order = [kind, op, type, n, parent, id, strategy, autoShutdown, maxRestarts, withinUnits, restart, significant, shutdown, slow,
             children, list, units, supervisor, ops, log, killed, expected],
    Fields = [[$", atom_to_list(K), "\":", json_field(K, maps:get(K, Map))] || K <- Order, is_map_key(K, Map)],
    [${, lists:join($,, Fields), $}];
json(true) -> "true"; json(false) -> "false";
json(Atom) when is_atom(Atom) -> [$", atom_to_list(Atom), $"];
json(N) when is_integer(N) -> integer_to_list(N);
json(List) when is_list(List) -> [$[, lists:join($,, [json(X) || X <- List]), $]].

json_field(children, Text) when is_list(Text), (Text =:= [] orelse is_integer(hd(Text))) -> [$", Text, $"];
json_field(Key, Texts) when Key =:= log; Key =:= killed -> [$[, lists:join($,, [[$", T, $"] || T <- Texts]), $]];
json_field(_, Value) -> json(Value).
