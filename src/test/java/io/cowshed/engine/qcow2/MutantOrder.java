package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.WriteOrder.Step;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** A {@link WriteOrder} that is wrong in one place. A writer that follows it must be caught. */
public final class MutantOrder {

    private final String change;
    private final String name;
    private final WriteOrder order;

    private MutantOrder(String change, String name, WriteOrder order) {
        this.change = change;
        this.name = name;
        this.order = order;
    }

    /** Each barrier left out, and each two steps exchanged that have one between them; an epoch has barriers within it. */
    public static List<MutantOrder> all() {
        List<List<Step>> safe = lists(WriteOrder.SAFE);
        List<MutantOrder> mutants = new ArrayList<>();
        for (int list = 0; list < safe.size(); list++) {
            List<Step> steps = safe.get(list);
            String change = WriteOrder.class.getRecordComponents()[list].getName();
            for (int first = 0; first < steps.size(); first++) {
                if (steps.get(first) == Step.BARRIER) {
                    List<Step> without = new ArrayList<>(steps);
                    without.remove(first);
                    String before =
                            first == 0 ? "the beginning" : steps.get(first - 1).name();
                    mutants.add(mutant(change, "no barrier after " + before + " (" + first + ")", list, without));
                    continue;
                }
                for (int second = first + 1; second < steps.size(); second++) {
                    if (isOrdered(steps, first, second)) {
                        List<Step> swapped = new ArrayList<>(steps);
                        Collections.swap(swapped, first, second);
                        String names =
                                steps.get(first) + " (" + first + ") and " + steps.get(second) + " (" + second + ")";
                        mutants.add(mutant(change, names + " exchanged", list, swapped));
                    }
                }
            }
        }
        return mutants;
    }

    private static boolean isOrdered(List<Step> steps, int first, int second) {
        return steps.get(second) != Step.BARRIER
                && steps.get(second) != steps.get(first)
                && steps.subList(first, second + 1).stream().anyMatch(s -> s == Step.BARRIER || s == Step.EPOCH);
    }

    private static MutantOrder mutant(String change, String name, int list, List<Step> steps) {
        List<List<Step>> lists = new ArrayList<>(lists(WriteOrder.SAFE));
        lists.set(list, steps);
        return new MutantOrder(
                change,
                name,
                new WriteOrder(
                        lists.get(0),
                        lists.get(1),
                        lists.get(2),
                        lists.get(3),
                        lists.get(4),
                        lists.get(5),
                        lists.get(6)));
    }

    private static List<List<Step>> lists(WriteOrder order) {
        return Stream.of(
                        order.opening(),
                        order.epoch(),
                        order.closing(),
                        order.grow(),
                        order.shrink(),
                        order.changeBacking(),
                        order.corrupt())
                .toList();
    }

    /** What is done in a wrong order: a component of {@link WriteOrder}. */
    public String change() {
        return change;
    }

    /** Opens an image to be changed in this order. */
    public WritableQcow2Image open(BlockFile file, BackingResolver resolver) throws IOException {
        return WritableQcow2Image.open(file, resolver, order);
    }

    /** Which change is wrong, and how. */
    @Override
    public String toString() {
        return change + ": " + name;
    }
}
